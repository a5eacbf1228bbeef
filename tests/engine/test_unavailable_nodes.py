"""Node types that this installation cannot run, where a run does not come to them."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import compile_workflow
from casare_rpa.engine.checks import check_fully
from casare_rpa.errors import WorkflowInvalid
from tests.support.runs import chain, document, node, run_document

#: It needs a person at a screen.
ABSENT = "ScreenRegionPickerNode"


def logs(raw: dict[str, Any]) -> list[str]:
    result = run_document(raw)
    assert result.success, result.error
    return [line["message"] for line in result.logs]


def test_a_disabled_one_is_passed_over_like_any_other() -> None:
    nodes = {"box": node(ABSENT, _disabled=True), "after": node("LogNode", message="after")}
    assert logs(document(nodes, chain("box", "after"))) == ["after"]


def test_one_that_nothing_leads_to_does_no_harm() -> None:
    nodes = {
        "start": node("StartNode"),
        "log": node("LogNode", message="hello"),
        "loose": node(ABSENT),
        "behind": node(ABSENT),
    }
    raw = document(nodes, chain("start", "log"), chain("loose", "behind"))
    assert logs(raw) == ["hello"]


@pytest.mark.parametrize("before", ["start", "branch", "catch"])
def test_one_that_a_run_may_come_to_is_refused_before_the_run(before: str) -> None:
    nodes = {
        "start": node("StartNode"),
        "branch": node("IfNode", condition="1 == 2"),
        "try": node("TryNode"),
        "fine": node("LogNode", message="fine"),
        "catch": node("CatchNode", paired_try_id="try"),
        "box": node(ABSENT),
    }
    ways = {
        "start": chain("start", "box"),
        "branch": chain("start", "branch.true", "box"),
        "catch": [*chain("start", "try.try_body", "fine"), *chain("catch.catch_body", "box")],
    }
    with pytest.raises(WorkflowInvalid, match=ABSENT) as refused:
        compile_workflow(parse_workflow(document(nodes, ways[before])))
    assert [(p.code, p.node_id) for p in refused.value.problems] == [("NODE_NOT_AVAILABLE", "box")]


def test_a_check_tells_of_it_as_of_something_that_does_no_harm() -> None:
    nodes = {
        "start": node("StartNode"),
        "off": node(ABSENT, _disabled=True),
        "box": node(ABSENT),
        "loose": node(ABSENT),
    }
    raw = document(nodes, chain("start", "off", "box"))
    _, problems = check_fully(raw, runs_here=True)
    found = {p.node_id: p.severity for p in problems if p.code == "NODE_NOT_AVAILABLE"}
    assert found == {"off": "warning", "box": "error", "loose": "warning"}


def test_a_type_that_nobody_knows_is_refused_wherever_it_stands() -> None:
    nodes = {"start": node("StartNode"), "odd": node("NoSuchNode", _disabled=True)}
    with pytest.raises(WorkflowInvalid, match="NoSuchNode"):
        compile_workflow(parse_workflow(document(nodes)))
