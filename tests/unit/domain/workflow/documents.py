"""Documents for these tests, in the canonical shape."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from casare_rpa.domain.workflow import Problem


def node(node_id: str, node_type: str = "SetVariableNode", **config: Any) -> dict[str, Any]:
    return {"node_id": node_id, "node_type": node_type, "config": config, "position": [0, 0]}


def link(source: str, target: str) -> dict[str, str]:
    """`link("a.exec_out", "b.exec_in")`; the usual ports may be left out."""
    source_node, _, source_port = source.partition(".")
    target_node, _, target_port = target.partition(".")
    return {
        "source_node": source_node,
        "source_port": source_port or "exec_out",
        "target_node": target_node,
        "target_port": target_port or "exec_in",
    }


def chain(*ends: str) -> list[dict[str, str]]:
    return [link(a, b) for a, b in itertools.pairwise(ends)]


def document(
    nodes: Iterable[Mapping[str, Any]], connections: Iterable[Any] = (), **more: Any
) -> dict[str, Any]:
    return {
        "metadata": {"name": "test"},
        "nodes": {n["node_id"]: dict(n) for n in nodes},
        "connections": list(connections),
        **more,
    }


def found(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(p.code, p.pointer) for p in problems]
