"""The graph of a workflow in the language of Mermaid, which wikis and code hosts draw."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from casare_cli.graphs.model import Graph
from casare_rpa.domain.workflow import NodeSpec

_ARROWS = {"exec": "-->", "data": "-.->", "loop": "-.->", "jump": "-.->"}
_SPECIAL = re.compile(r"[^\w .,:→-]")


def mermaid(graph: Graph) -> str:
    return "\n".join(_lines(graph)) + "\n"


def _lines(graph: Graph) -> Iterator[str]:
    yield "flowchart TD"
    branching = _branching(graph)
    for index, spec in enumerate(graph.nodes):
        left, right = ("{{", "}}") if index in branching else ("[", "]")
        yield f'  n{index}{left}"{_label(spec)}"{right}'
    for edge in graph.edges:
        label = f'|"{_text(edge.label)}"|' if edge.label else ""
        yield f"  n{edge.source} {_ARROWS[edge.kind]}{label} n{edge.target}"
    disabled = [f"n{index}" for index, spec in enumerate(graph.nodes) if spec.disabled]
    if disabled:
        yield "  classDef disabled stroke-dasharray: 4 4,opacity: 0.6"
        yield f"  class {','.join(disabled)} disabled"


def _label(spec: NodeSpec) -> str:
    return f"{_text(spec.name or spec.node_id)}<br/>{_text(spec.node_type)}"


def _text(text: str) -> str:
    """*text* with everything written as a number that could mean something to Mermaid."""
    return _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)


def _branching(graph: Graph) -> frozenset[int]:
    """The nodes that control leaves by several ways."""
    ways = Counter(edge.source for edge in graph.edges if edge.kind == "exec")
    return frozenset(node for node, count in ways.items() if count > 1)
