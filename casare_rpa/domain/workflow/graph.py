"""The graph of a workflow as lists of indexes. Everything here is linear and without recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Edges: TypeAlias = Sequence[Sequence[int]]


def reachable(starts: Iterable[int], edges: Edges) -> set[int]:
    """Every node that *edges* lead to from *starts*, and the starts."""
    seen = set(starts)
    waiting = deque(seen)
    while waiting:
        for target in edges[waiting.popleft()]:
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def cycles(edges: Edges) -> list[list[int]]:
    """One cycle of each knot of nodes that lie on cycles, its nodes in the order of the edges."""
    return [_cycle_within(set(knot), edges) for knot in _knots(edges)]


def _knots(edges: Edges) -> list[list[int]]:
    """The strongly connected components of two nodes and more (Kosaraju's two passes)."""
    backwards = reversed_edges(edges)
    assigned: set[int] = set()
    found: list[list[int]] = []
    for root in reversed(postorder(edges)):
        if root in assigned:
            continue
        assigned.add(root)
        knot = [root]
        for node in knot:  # grows while it is walked
            fresh = [n for n in backwards[node] if n not in assigned]
            assigned.update(fresh)
            knot.extend(dict.fromkeys(fresh))
        if len(knot) > 1:
            found.append(sorted(knot))
    return sorted(found)


def reversed_edges(edges: Edges) -> list[list[int]]:
    """The same edges, from target to source."""
    backwards: list[list[int]] = [[] for _ in edges]
    for source, targets in enumerate(edges):
        for target in targets:
            backwards[target].append(source)
    return backwards


def postorder(edges: Edges) -> list[int]:
    """The nodes in the order in which a depth-first walk leaves them."""
    seen: set[int] = set()
    left: list[int] = []
    for root in range(len(edges)):
        if root in seen:
            continue
        seen.add(root)
        path = [(root, iter(edges[root]))]
        while path:
            node, targets = path[-1]
            fresh = next((target for target in targets if target not in seen), None)
            if fresh is None:
                path.pop()
                left.append(node)
            else:
                seen.add(fresh)
                path.append((fresh, iter(edges[fresh])))
    return left


def _cycle_within(knot: set[int], edges: Edges) -> list[int]:
    """The shortest way from the knot's first node back to it."""
    start = min(knot)
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for target in edges[node]:
            if target == start and node != start:
                return _way_back(node, start, came_from)
            if target in knot and target not in came_from:
                came_from[target] = node
                waiting.append(target)
    raise AssertionError("every node of a knot lies on a cycle")


def _way_back(node: int, start: int, came_from: dict[int, int]) -> list[int]:
    way = [node]
    while way[-1] != start:
        way.append(came_from[way[-1]])
    return way[::-1]
