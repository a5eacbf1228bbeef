"""Which loop each node of a workflow stands in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from casare_cli.graphs.model import Graph, graph_of
from casare_rpa.domain.workflow import Workflow

#: Where a loop's passes begin, whatever kind of loop it is.
_BODY = "body"
_Ways = Mapping[int, list[tuple[str, int]]]


def loops_around(workflow: Workflow) -> dict[str, str]:
    """The id of the innermost loop around each node that stands in one.

    A loop's end stands in its loop, what follows the loop does not.
    """
    graph = graph_of(workflow)
    ids = [spec.node_id for spec in graph.nodes]
    innermost: dict[int, int] = {}
    # The smallest body last: it is the innermost one of those that hold a node.
    for start, body in sorted(_bodies(graph).items(), key=lambda loop: -len(loop[1])):
        innermost |= dict.fromkeys(body, start)
    return {ids[node]: ids[start] for node, start in innermost.items()}


def _bodies(graph: Graph) -> dict[int, set[int]]:
    ways: dict[int, list[tuple[str, int]]] = defaultdict(list)
    ends: dict[int, set[int]] = defaultdict(set)
    for edge in graph.edges:
        if edge.kind == "loop":
            ends[edge.target].add(edge.source)
        elif edge.kind != "data":
            ways[edge.source].append((edge.port, edge.target))
    starts = [node for node, out in ways.items() if any(port == _BODY for port, _ in out)]
    return {start: _body(start, ends[start], ways) for start in starts}


def _body(start: int, ends: set[int], ways: _Ways) -> set[int]:
    inside = _reached((n for port, n in ways[start] if port == _BODY), {start}, ends, ways)
    leaving = [n for port, n in ways[start] if port != _BODY]
    leaving += [n for end in ends for _, n in ways.get(end, ())]
    # A break may lead out of the body as well as the loop's own way on does.
    return inside - _reached(leaving, {start}, set(), ways)


def _reached(first: Iterable[int], closed: set[int], ends: set[int], ways: _Ways) -> set[int]:
    """What *first* leads to, without passing through *closed* or beyond *ends*."""
    waiting = [node for node in first if node not in closed]
    seen = set(waiting)
    while waiting:
        node = waiting.pop()
        if node in ends:
            continue
        for _, target in ways.get(node, ()):
            if target not in seen and target not in closed:
                seen.add(target)
                waiting.append(target)
    return seen
