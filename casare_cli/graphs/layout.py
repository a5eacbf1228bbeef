"""Where the nodes of a drawing stand: in layers, so that edges lead down, near what leads to them.

Four steps, as in every layered drawing: edges that close a circle are set aside, each node gets the
layer behind its last predecessor, each layer is sorted by where its neighbours stand, and each node
moves below them as far as the others let it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from casare_cli.graphs.model import Edge, Graph

_SWEEPS = 4
#: Long edges bend around the nodes between; with more bends than this they go straight.
_MOST_BENDS = 50_000


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Of each node its layer, counted from 0, and its middle, in columns; of each edge that leads
    down the columns in which it passes the layers between."""

    layers: list[int]
    columns: list[float]
    bends: dict[Edge, list[float]]

    @property
    def count_layers(self) -> int:
        return max(self.layers, default=-1) + 1


def layout(graph: Graph) -> Layout:
    """Linear in nodes and bends, but for sorting; without recursion."""
    forward = [edge for edge in graph.edges if edge.kind != "loop" and graph.is_forward(edge)]
    layers = _layers(graph, forward)
    return _Drawing(graph, forward, layers).layout()


def _layers(graph: Graph, forward: Sequence[Edge]) -> list[int]:
    layers = [0] * len(graph.nodes)
    for edge in sorted(forward, key=lambda edge: graph.order[edge.source]):
        layers[edge.target] = max(layers[edge.target], layers[edge.source] + 1)
    return layers


class _Drawing:
    """Points are the nodes and, behind them, the bends of edges over several layers."""

    def __init__(self, graph: Graph, forward: Sequence[Edge], layers: list[int]) -> None:
        self._layer_of_node = layers
        self._rows: list[list[int]] = [[] for _ in range(max(layers, default=-1) + 1)]
        self._above: list[list[int]] = [[] for _ in layers]
        self._below: list[list[int]] = [[] for _ in layers]
        self._bends: dict[Edge, list[int]] = {}
        for node in sorted(range(len(layers)), key=graph.order.__getitem__):
            self._rows[layers[node]].append(node)
        spans = {edge: layers[edge.target] - layers[edge.source] - 1 for edge in forward}
        bends_count = sum(spans.values())
        for edge, span in spans.items():
            self._lead(edge, span if bends_count <= _MOST_BENDS else 0)

    def _lead(self, edge: Edge, span: int) -> None:
        first = self._layer_of_node[edge.source] + 1
        points = [edge.source]
        for row in self._rows[first : first + span]:
            points.append(len(self._above))
            row.append(points[-1])
            self._above.append([])
            self._below.append([])
        points.append(edge.target)
        for upper, lower in pairwise(points):
            self._below[upper].append(lower)
            self._above[lower].append(upper)
        self._bends[edge] = points[1:-1]

    def layout(self) -> Layout:
        for _ in range(_SWEEPS):
            self._sort(self._rows, self._above)
            self._sort(self._rows[::-1], self._below)
        columns = self._columns()
        return Layout(
            layers=self._layer_of_node,
            columns=columns[: len(self._layer_of_node)],
            bends={edge: [columns[p] for p in points] for edge, points in self._bends.items()},
        )

    def _sort(self, rows: Sequence[list[int]], neighbours: Sequence[Sequence[int]]) -> None:
        place = [0.0] * len(self._above)
        for row in self._rows:
            for index, point in enumerate(row):
                place[point] = index
        for row in rows:
            wanted = {point: _mean(place, neighbours[point], place[point]) for point in row}
            row.sort(key=wanted.__getitem__)
            for index, point in enumerate(row):
                place[point] = index

    def _columns(self) -> list[float]:
        columns = [0.0] * len(self._above)
        for row in self._rows:
            wanted = [_mean(columns, self._above[point], 0.0) for point in row]
            found: list[float] = []
            for column in wanted:
                found.append(max(column, found[-1] + 1) if found else column)
            # As far to the left of where they should be as to the right of it.
            shift = sum(w - f for w, f in zip(wanted, found, strict=True)) / len(row)
            for point, column in zip(row, found, strict=True):
                columns[point] = column + shift
        leftmost = min(columns, default=0.0)
        return [column - leftmost for column in columns]


def _mean(values: Sequence[float], points: Sequence[int], otherwise: float) -> float:
    return sum(values[point] for point in points) / len(points) if points else otherwise
