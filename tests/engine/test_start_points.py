"""What a run tells on its way is enough to go on there: told by one run, taken up by another."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.start_points import StartState, marks_of, state_at
from casare_rpa.engine.walking.resume import StartPoint
from casare_rpa.errors import WorkflowInvalid
from tests.support.runs import chain, document, node
from tests.support.told import told

Json = dict[str, Any]


class Told:
    """A run of *raw*, and what its events would say to an orchestrator."""

    def __init__(
        self, raw: Mapping[str, Any], start: StartPoint | None = None, **variables: Any
    ) -> None:
        self.raw = raw
        events, self.result = told(raw, variables, start=start)
        data = [event["data"] for event in events if event["type"] == "node.skipped"]
        self.skipped = [each["node_id"] for each in data]
        self.marks = marks_of((e["type"], seq, 0.0, e["data"]) for seq, e in enumerate(events))

    @property
    def starts(self) -> list[str]:
        return [mark.node_id for mark in self.marks if mark.is_start]

    def state(self, node_id: str, base: Json | None = None) -> StartState:
        mark = next(m for m in reversed(self.marks) if m.is_start and m.node_id == node_id)
        return state_at(base, self.marks, mark)

    def again(self, node_id: str, **variables: Any) -> Told:
        """The same workflow, taken up at *node_id*."""
        return Told(self.raw, StartPoint.parse(self.state(node_id).to_json()), **variables)

    @property
    def lines(self) -> list[str]:
        return [line["message"] for line in self.result.logs]


def put(name: str, value: Any) -> Json:
    return node("SetVariableNode", variable_name=name, value=value)


def log(text: str) -> Json:
    return node("LogNode", message=text, level="info")


def test_every_start_of_a_run_leads_to_the_same_end() -> None:
    nodes = {
        "first": put("total", "{{seed}}"),
        "loop": node("ForLoopStartNode", mode="range", start=0, end=4),
        "add": node("MathOperationNode", a="{{total}}", b=2, operation="add"),
        "keep": put("total", "{{add.result}}"),
        "end": node("ForLoopEndNode", paired_start_id="loop"),
        "try": node("TryNode"),
        "bad": node("ThrowErrorNode", error_message="no {{total}}"),
        "catch": node("CatchNode", paired_try_id="try"),
        "note": put("caught", "{{catch.error_message}}"),
        "fork": node("ForkNode", branch_count=2),
        "left": put("l", 1),
        "right": put("r", 2),
        "join": node("JoinNode", paired_fork_id="fork"),
        "say": log("{{first.value}} {{add.result}} {{total}} {{caught}} {{branch_1_l}}"),
    }
    links = [
        chain("first", "loop.body", "add", "keep", "end"),
        chain("loop.completed", "try.try_body", "bad"),
        chain("catch.catch_body", "note"),
        chain("try", "fork.branch_1", "left", "join"),
        chain("fork.branch_2", "right", "join", "say"),
    ]
    whole = Told(document(nodes, *links), seed=5)
    assert whole.result.success, whole.result.error
    assert whole.lines == ["5 13 13 no 13 1"]
    assert whole.starts == ["first", "loop", "try", "fork", "say"]
    for start in whole.starts:
        again = whole.again(start, seed=5)
        assert again.lines == whole.lines, start
        assert again.result.variables == whole.result.variables
        assert again.result.outputs.keys() == whole.result.outputs.keys()
        assert again.starts == whole.starts[whole.starts.index(start) :]


def test_what_is_reused_is_said_and_does_not_run() -> None:
    nodes = {"a": put("x", 1), "off": log("off"), "b": log("b"), "c": log("{{x}}")}
    nodes["off"]["config"]["_disabled"] = True
    again = Told(document(nodes, chain("a", "off", "b", "c"))).again("c")
    assert again.skipped == ["a", "off", "b"]
    assert again.lines == ["1"]
    assert (again.result.nodes_executed, again.result.nodes_skipped) == (1, 3)


def test_steps_that_wait_and_chains_not_begun_run_all_the_same() -> None:
    names = ("s", "a1", "a2", "b1", "b2", "m", "other", "more")
    nodes = {name: log(name) for name in names}
    links = [chain("s", "a1", "a2", "m"), chain("s", "b1", "b2", "m"), chain("other", "more")]
    whole = Told(document(nodes, *links))
    assert whole.lines == ["s", "a1", "b1", "a2", "b2", "m", "other", "more"]
    for count, start in enumerate(whole.starts):
        assert whole.again(start).lines == whole.lines[count:], start


def test_a_rerun_of_a_rerun_knows_what_the_first_run_knew() -> None:
    nodes = {"a": put("x", 1), "b": put("y", "{{a.value}}"), "c": log("{{x}} {{y}} {{a.value}}")}
    first = Told(document(nodes, chain("a", "b", "c")))
    base = first.state("b").to_json()
    second = Told(first.raw, StartPoint.parse(base))
    third = Told(first.raw, StartPoint.parse(second.state("c", base).to_json()))
    assert third.lines == ["1 1 1"]
    assert third.skipped == ["a", "b"]


def test_an_error_recovery_stays_in_force() -> None:
    nodes = {
        "plan": node("ErrorRecoveryNode", strategy="fallback"),
        "a": log("a"),
        "bad": node("ThrowErrorNode", error_message="no"),
        "rescue": log("rescued"),
    }
    whole = Told(document(nodes, chain("plan", "a", "bad"), chain("plan.fallback", "rescue")))
    assert "rescued" in whole.lines
    assert whole.again("bad").lines[-1] == "rescued"


@pytest.mark.parametrize("changed", ["2", "many", None])
def test_a_recovery_that_stays_in_force_keeps_its_limit(changed: Any) -> None:
    nodes = {
        "plan": node("ErrorRecoveryNode", strategy="retry", max_retries=2),
        "a": log("a"),
        "bad": node("ThrowErrorNode", error_message="no"),
    }
    whole = Told(document(nodes, chain("plan", "a", "bad")))
    assert whole.starts == ["plan", "a", *["bad"] * 3]
    assert whole.again("bad").starts == ["bad"] * 3
    limit = {"_error_recovery_max_retries": changed}
    again = whole.again("bad", **limit)
    assert again.result.error is not None
    assert again.result.error.node_id == "bad"


def test_a_run_whose_data_source_failed_is_taken_up_at_its_consumer() -> None:
    nodes = {
        "a": log("a"),
        "m": node("AssertNode", condition="good", message="no"),
        "i": put("i", None),
        "z": log("{{i}}"),
    }
    wire = {"source_node": "m", "source_port": "passed", "target_node": "i", "target_port": "value"}
    first = Told(document(nodes, chain("a", "i", "z"), [wire]), good=False)
    assert first.result.error is not None
    assert first.result.error.node_id == "m"
    assert first.starts == ["a", "i"]
    again = first.again("i", good=True)
    assert again.skipped == ["a"]
    assert again.lines == ["True"]


def test_what_cannot_be_told_is_named_with_its_reason_and_its_stale_value_is_gone() -> None:
    secret = {"name": "pin", "default_value": "hunter22", "sensitive": True}
    nodes = {
        "a": put("x", 1),
        "b": put("x", "see {{pin}}"),
        "c": put("big", "{{text}}"),
        "d": log("d"),
    }
    raw = document(
        nodes, chain("a", "b", "c", "d"), variables={"pin": secret, "text": "y" * 2_000_000}
    )
    state = Told(raw).state("d")
    assert {key: lost.reason for key, lost in state.lost.items()} == {
        ("variables", "x"): "it holds a secret",
        ("outputs", "b"): "it holds a secret",
        ("variables", "big"): "it is too large",
        ("outputs", "c"): "it is too large",
    }
    assert state.lost["variables", "x"].node_id == "b"
    assert state.variables == {}
    assert state.outputs == {"a": {"value": 1}}
    assert list(state.reused) == ["a", "b", "c"]


def test_large_values_go_in_pieces_until_there_is_no_room() -> None:
    text = '"\\ü' * 90_000
    nodes: Json = {f"n{n}": put(f"v{n}", "{{text}}") for n in range(14)}
    nodes["say"] = log("{{v0}}{{n0.value}}")
    told = Told(document(nodes, chain(*nodes), variables={"text": text}))
    assert told.again("n5").lines == [text + text]
    state = told.state("say")
    assert state.variables["v0"] == state.outputs["n0"]["value"] == text
    assert state.lost["variables", "v13"].reason == "it is too large"
    assert "v13" not in state.variables


def test_a_value_that_is_told_anew_is_no_longer_lost() -> None:
    secret = {"name": "pin", "default_value": "hunter22", "sensitive": True}
    nodes = {"a": put("x", "{{pin}}"), "b": put("x", 2), "c": log("{{x}}")}
    told = Told(document(nodes, chain("a", "b", "c"), variables={"pin": secret}))
    assert ("variables", "x") in told.state("b").lost
    assert ("variables", "x") not in told.state("c").lost
    assert told.again("c").lines == ["2"]


def test_what_a_node_opened_is_held_until_it_is_closed(tmp_path: Path) -> None:
    nodes = {
        "open": node("DatabaseConnectNode", db_type="sqlite", file_path=str(tmp_path / "x.db")),
        "use": log("use"),
        "close": node("CloseDatabaseNode"),
        "after": log("after"),
    }
    links = chain("open", "use", "close", "after")
    wire = {"source_node": "open", "source_port": "connection", "target_node": "close"}
    told = Told(document(nodes, links, [wire | {"target_port": "connection"}]))
    assert told.result.success, told.result.error
    held = told.state("use").lost["held", "database_connections"]
    assert held.node_id == "open"
    assert not any(kind == "held" for kind, _ in told.state("after").lost)


def test_an_open_workbook_is_held_until_it_is_closed(tmp_path: Path) -> None:
    path = str(tmp_path / "new.xlsx")
    nodes = {
        "open": node("ExcelOpenNode", file_path=path, create_if_missing=True),
        "use": log("use"),
        "close": node("ExcelCloseNode"),
        "after": log("after"),
    }
    told = Told(document(nodes, chain(*nodes)))
    assert told.result.success, told.result.error
    assert told.state("use").lost["held", "office_files"].node_id == "open"
    assert not any(kind == "held" for kind, _ in told.state("after").lost)


def test_a_start_that_the_plan_does_not_have_is_refused_before_anything_runs() -> None:
    with pytest.raises(WorkflowInvalid, match="there is no node gone"):
        Told(document({"a": log("a")}), StartPoint(node_id="gone"))


def test_a_called_workflow_tells_no_starts_of_its_own(tmp_path: Path) -> None:
    inner = document({"x": put("y", 1), "z": log("z")}, chain("x", "z"))
    path = tmp_path / "inner.json"
    path.write_text(json.dumps(inner), encoding="utf-8")
    nodes = {"call": node("CallSubworkflowNode", subworkflow_path=str(path)), "after": log("after")}
    whole = Told(document(nodes, chain("call", "after")))
    assert whole.lines == ["z", "after"]
    assert whole.starts == ["call", "after"]
    assert whole.again("after").lines == ["after"]
