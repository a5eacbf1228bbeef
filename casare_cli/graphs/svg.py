"""The graph of a workflow as an SVG that needs nothing beside itself, light or dark as wanted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise

from casare_cli.graphs.layout import Layout, layout
from casare_cli.graphs.model import Edge, Graph
from casare_cli.terminal.text import one_line
from casare_rpa.domain.workflow import NodeSpec

_WIDTH, _HEIGHT = 190, 44
_COLUMN, _LAYER = 230, 92
_MARGIN = 40
#: How far beside a node an edge leads up, and how many ways up are tried.
_BESIDE = 20
_MOST_LANES = 40
#: The width of what is said of such an edge.
_LABEL = 58
_MOST_LETTERS = 26

_STYLE = """
svg { color-scheme: light dark; background: #fff; font: 13px system-ui, sans-serif; }
.node rect { fill: #f6f8fa; stroke: #57606a; }
.node text { fill: #1f2328; text-anchor: middle; }
.node .type, .label { fill: #57606a; font-size: 11px; }
.label { paint-order: stroke; stroke: #fff; stroke-width: 4px; }
.disabled { opacity: .55; } .disabled rect { stroke-dasharray: 4 3; }
path { fill: none; stroke: #57606a; stroke-width: 1.4; } marker path { fill: #57606a; }
.data path, .jump path { stroke-dasharray: 4 3; } .data path { stroke: #0969da; }
.loop path { stroke: #9a6700; stroke-dasharray: 6 3; }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117; }
  .node rect { fill: #161b22; stroke: #8b949e; } .node text { fill: #e6edf3; }
  .node .type, .label { fill: #8b949e; } .label { stroke: #0d1117; }
  path { stroke: #8b949e; } marker path { fill: #8b949e; }
  .data path { stroke: #58a6ff; } .loop path { stroke: #d29922; }
}
"""
_MARKER = (
    '<defs><marker id="end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
)


def svg(graph: Graph, *, title: str) -> str:
    return "\n".join(_lines(graph, layout(graph), title)) + "\n"


def _lines(graph: Graph, places: Layout, title: str) -> Iterator[str]:
    lanes = {edge: _lane(edge, places) for edge in graph.edges if edge not in places.bends}
    left = round(min([0.0, *(lane - _LABEL - _BESIDE for lane in lanes.values())]))
    right = max([_x(max(places.columns, default=0.0)) + _WIDTH / 2, *lanes.values()])
    width, height = round(right + 2 * _MARGIN) - left, places.count_layers * _LAYER + _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{height}"'
        f' viewBox="{left} 0 {width} {height}">'
    )
    yield f"<title>{_text(title)}</title>"
    yield f"<style>{_STYLE}</style>"
    yield _MARKER
    for edge in graph.edges:
        yield from _edge(edge, places, lanes.get(edge))
    for index, spec in enumerate(graph.nodes):
        yield _node(spec, _x(places.columns[index]), _y(places.layers[index]))
    yield "</svg>"


def _node(spec: NodeSpec, x: float, y: float) -> str:
    kind = "node disabled" if spec.disabled else "node"
    full = f"{spec.node_id} ({spec.node_type})"
    return (
        f'<g class="{kind}"><title>{_text(full)}</title>'
        f'<rect x="{x - _WIDTH / 2:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="7"/>'
        f'<text x="{x:g}" y="{y + 19:g}">{_text(_short(spec.name or spec.node_id))}</text>'
        f'<text class="type" x="{x:g}" y="{y + 35:g}">{_text(_short(spec.node_type))}</text></g>'
    )


def _edge(edge: Edge, places: Layout, lane: float | None) -> Iterator[str]:
    """Down through its bends, or up in its *lane*."""
    if lane is None:
        path, (x, y) = _down(edge, places, places.bends[edge])
    else:
        path, (x, y) = _around(edge, places, lane)
    yield f'<g class="{edge.kind}"><path d="{path}" marker-end="url(#end)"/>'
    if edge.label:
        yield f'<text class="label" x="{x:g}" y="{y:g}">{_text(_short(edge.label))}</text>'
    yield "</g>"


def _down(edge: Edge, places: Layout, bends: list[float]) -> tuple[str, tuple[float, float]]:
    """From the source's lower side through the bends to the target's upper side."""
    top, layer = places.layers[edge.source], places.layers[edge.source] + 1
    points = [(_x(places.columns[edge.source]), _y(top) + _HEIGHT)]
    for column in bends:
        points += [(_x(column), _y(layer)), (_x(column), _y(layer) + _HEIGHT)]
        layer += 1
    points.append((_x(places.columns[edge.target]), _y(places.layers[edge.target])))
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for (x1, y1), (x2, y2) in pairwise(points):
        middle = (y1 + y2) / 2
        path += f"C{x1:g} {middle:g} {x2:g} {middle:g} {x2:g} {y2:g}"
    (x1, y1), (x2, _) = points[:2]
    return path, ((x1 * 2 + x2) / 3 + 5, y1 + 17)


def _around(edge: Edge, places: Layout, lane: float) -> tuple[str, tuple[float, float]]:
    """From the source's side up beside the nodes between, and to the target's side."""
    source, target = _x(places.columns[edge.source]), _x(places.columns[edge.target])
    y1 = _y(places.layers[edge.source]) + _HEIGHT / 2
    y2 = _y(places.layers[edge.target]) + _HEIGHT / 2
    x1 = source + math.copysign(_WIDTH / 2, lane - source)
    x2 = target + math.copysign(_WIDTH / 2, lane - target)
    turn = math.copysign(min(_LAYER / 2, abs(y1 - y2) / 2), y2 - y1)
    path = (
        f"M{x1:g} {y1:g}Q{lane:g} {y1:g} {lane:g} {y1 + turn:g}"
        f"V{y2 - turn:g}Q{lane:g} {y2:g} {x2:g} {y2:g}"
    )
    beside = lane + 5 if lane > target else lane - _LABEL
    return path, (beside, (y1 + y2) / 2 + 4)


def _lane(edge: Edge, places: Layout) -> float:
    """Where an edge may lead up without crossing a node; the way with the shortest detour."""
    source, target = _x(places.columns[edge.source]), _x(places.columns[edge.target])
    low, high = sorted((places.layers[edge.source], places.layers[edge.target]))
    ends = [(source, places.layers[edge.source]), (target, places.layers[edge.target])]
    others = [
        (layer, _x(column))
        for node, (layer, column) in enumerate(zip(places.layers, places.columns, strict=True))
        if low <= layer <= high and node not in (edge.source, edge.target)
    ]

    def is_free(lane: float) -> bool:
        return not any(
            abs(x - lane) < _WIDTH / 2 + 4
            or any(layer == row and min(end, lane) < x < max(end, lane) for end, row in ends)
            for layer, x in others
        )

    def detour(lane: float) -> float:
        return abs(lane - source) + abs(lane - target)

    middles = {source, target, *(x for _, x in others)}
    lanes = {x + side * (_WIDTH / 2 + _BESIDE) for x in middles for side in (-1, 1)}
    beside = [x for x in lanes if all(abs(x - end) > _WIDTH / 2 for end, _ in ends)]
    nearest = sorted(beside, key=lambda lane: (detour(lane), -lane))
    outermost = max(middles) + _WIDTH / 2 + _BESIDE
    return next(filter(is_free, nearest[:_MOST_LANES]), outermost)


def _x(column: float) -> float:
    return round(_MARGIN / 2 + _WIDTH / 2 + column * _COLUMN, 1)


def _y(layer: int) -> float:
    return _MARGIN / 2 + layer * _LAYER


def _short(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def _text(text: str) -> str:
    """*text* as XML takes it, which has no control characters."""
    return escape(one_line(text))
