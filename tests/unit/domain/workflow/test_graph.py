"""The graph: cycles and reach, against plain definitions and at sizes beyond recursion."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from casare_rpa.domain.workflow import check_workflow
from casare_rpa.domain.workflow.graph import cycles, reachable

from .documents import chain, document, link, node

small_graphs = st.integers(1, 8).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, n - 1), max_size=4), min_size=n, max_size=n)
)


def leads_to(edges: list[list[int]], start: int) -> set[int]:
    """Everything behind *start*, found by following edges until nothing new turns up."""
    found: set[int] = set()
    while True:
        more = {t for s in found | {start} for t in edges[s]} | found
        if more == found:
            return found
        found = more


@settings(deadline=None)  # other tests share the processor
@given(small_graphs)
def test_a_cycle_is_found_exactly_for_every_knot_of_nodes(edges: list[list[int]]) -> None:
    behind = [leads_to(edges, i) for i in range(len(edges))]
    knots = {
        frozenset(j for j in behind[i] if i in behind[j]) | {i}
        for i in range(len(edges))
        if any(j != i and i in behind[j] for j in behind[i])
    }

    found = cycles(edges)

    assert len(found) == len(knots)
    for cycle in found:
        assert any(knot.issuperset(cycle) for knot in knots)
        assert len(cycle) == len(set(cycle)) > 1
        assert all(b in edges[a] for a, b in zip(cycle, cycle[1:] + cycle[:1], strict=True))


@settings(deadline=None)  # other tests share the processor
@given(small_graphs)
def test_reach_is_what_the_edges_lead_to(edges: list[list[int]]) -> None:
    assert reachable([0], edges) == leads_to(edges, 0) | {0}


def test_a_chain_of_a_hundred_thousand_nodes_is_walked_without_recursion() -> None:
    n = 100_000
    straight = [[i + 1] for i in range(n - 1)] + [[]]

    assert cycles(straight) == []
    assert len(reachable([0], straight)) == n
    assert cycles([*straight[:-1], [0]]) == [list(range(n))]


def test_a_full_size_workflow_is_checked_also_when_it_is_one_long_chain() -> None:
    names = [f"n{i}" for i in range(1000)]
    raw = document([node(name) for name in names], chain(*names))

    workflow, problems = check_workflow(json.dumps(raw))

    assert problems == []
    assert workflow is not None
    assert len(workflow.nodes) == 1000


def test_a_cycle_of_many_nodes_is_told_in_short() -> None:
    names = [f"n{i}" for i in range(1000)]
    raw = document([node(name) for name in names], [*chain(*names), link("n999", "n0")])

    _, problems = check_workflow(raw)

    [cycle] = [p for p in problems if p.code == "CIRCULAR_DEPENDENCY"]
    assert cycle.message.endswith("n28 → (970 more) → n999 → n0")
    assert cycle.pointer == "/connections/999"
