"""The graph of a workflow as indented lines: what follows stands below, branches further in.

What several branches lead to stands behind them, where they part: below its dominator.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from casare_cli.graphs.model import PLAIN_PORT, Edge, Graph

_ROOT = -1
_LINE = tuple[str, int | None]


def text(graph: Graph) -> str:
    """The lines; a node's data sources stand beside it."""
    return "\n".join(_Outline(graph).lines()) + "\n"


class _Outline:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._loops = {e.source: e.target for e in graph.edges if e.kind == "loop"}
        self._out: dict[int, list[Edge]] = defaultdict(list)
        self._ways: dict[int, list[int]] = defaultdict(list)
        self._inputs: dict[int, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._sort_in(edge)
        self._parents = self._dominators()
        self._children: dict[int, list[int]] = defaultdict(list)
        for node in self._in_order():
            self._children[self._parents[node]].append(node)

    def _sort_in(self, edge: Edge) -> None:
        if edge.kind == "data":
            self._inputs[edge.target].append(edge)
        elif edge.kind != "loop":
            self._out[edge.source].append(edge)
            if self._graph.is_forward(edge):
                # What follows a loop's end follows the loop.
                self._ways[edge.target].append(self._loops.get(edge.source, edge.source))

    def _in_order(self) -> list[int]:
        return sorted(range(len(self._graph.nodes)), key=self._graph.order.__getitem__)

    def _dominators(self) -> dict[int, int]:
        """Of each node the last one that every way to it passes; _ROOT if there is none."""
        parents, depths = {_ROOT: _ROOT}, {_ROOT: 0}
        for node in self._in_order():
            ways = [way for way in self._ways[node] if way in parents]
            common = ways[0] if ways else _ROOT
            for way in ways[1:]:
                common = _meet(common, way, parents, depths)
            parents[node], depths[node] = common, depths[common] + 1
        return parents

    def lines(self) -> Iterator[str]:
        """Without recursion: a chain may be as long as the workflow."""
        waiting: list[_LINE] = [("", node) for node in reversed(self._children[_ROOT])]
        while waiting:
            prefix, node = waiting.pop()
            if node is None:
                yield prefix
            else:
                yield f"{prefix}{self._label(node)}"
                waiting += reversed(self._below(prefix, node))

    def _below(self, prefix: str, node: int) -> list[_LINE]:
        """What follows *node*, as lines and nodes with the prefixes of theirs."""
        edges = [edge for edge in self._out[node] if not self._is_behind_its_loop(edge)]
        inside = [e.target for e in edges if self._is_branch(e)]
        behind = [child for child in self._children[node] if child not in inside]
        if len(edges) == 1 and inside and edges[0].port == PLAIN_PORT:
            return [(prefix, child) for child in [*inside, *behind]]
        found: list[_LINE] = []
        for edge in self._worth_a_line(edges, behind):
            if self._is_branch(edge):
                found += [(f"{prefix}├─ {edge.port}", None), (f"{prefix}│  ", edge.target)]
            else:
                target = self._graph.nodes[edge.target].node_id
                found.append((f"{prefix}├─ {edge.port} → {target}", None))
        return found + [(prefix, child) for child in behind]

    def _worth_a_line(self, edges: Sequence[Edge], behind: Sequence[int]) -> list[Edge]:
        """All but the only way out when it leads to the line that comes next."""
        if len(edges) == 1 and edges[0].port == PLAIN_PORT:
            target = edges[0].target
            joined = self._parents[target] == self._parents[edges[0].source]
            return [] if behind[:1] == [target] or joined else list(edges)
        return list(edges)

    def _is_behind_its_loop(self, edge: Edge) -> bool:
        start = self._loops.get(edge.source)
        return start is not None and self._parents[edge.target] == start

    def _is_branch(self, edge: Edge) -> bool:
        """Whether the edge is the one way to its target."""
        return self._ways[edge.target] == [edge.source] and self._graph.is_forward(edge)

    def _label(self, node: int) -> str:
        spec = self._graph.nodes[node]
        name = f"  {spec.name!r}" if spec.name and spec.name != spec.node_id else ""
        switched_off = "  (disabled)" if spec.disabled else ""
        again = f"  ↺ {self._graph.nodes[self._loops[node]].node_id}" if node in self._loops else ""
        return f"{spec.node_id}  {spec.node_type}{name}{switched_off}{again}{self._fed(node)}"

    def _fed(self, node: int) -> str:
        sources = (
            f"{edge.target_port} ← {self._graph.nodes[edge.source].node_id}.{edge.port}"
            for edge in self._inputs[node]
        )
        shown = ", ".join(sources)
        return f"  [{shown}]" if shown else ""


def _meet(left: int, right: int, parents: dict[int, int], depths: dict[int, int]) -> int:
    """The nearest node above both."""
    while left != right:
        if depths[left] < depths[right]:
            right = parents[right]
        else:
            left = parents[left]
    return left
