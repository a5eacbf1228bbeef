"""Where a run begins, which way it goes, and what it reports."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.events import (
    DomainEvent,
    EventBus,
    NodeCompleted,
    NodeFailed,
    NodeSkipped,
    NodeStarted,
    VariableSet,
    WorkflowCompleted,
    WorkflowFailed,
    WorkflowProgress,
    WorkflowStarted,
)
from casare_rpa.domain.workflow import Connection, NodeSpec, Workflow, parse_workflow
from casare_rpa.engine import RunOptions, compile_workflow, run_plan
from casare_rpa.errors import WorkflowInvalid
from tests.support.runs import chain, document, node, run_document


def log(text: str, **config: Any) -> dict[str, Any]:
    return node("LogNode", message=text, level="info", **config)


def lines(result: Any) -> list[str]:
    return [line["message"] for line in result.logs]


def test_only_what_the_start_node_leads_to_is_run() -> None:
    nodes = {"other": log("other"), "start": node("StartNode"), "a": log("a")}
    assert lines(run_document(document(nodes, chain("start", "a")))) == ["a"]


def test_without_a_start_node_one_chain_is_finished_before_the_next() -> None:
    nodes = {name: log(name) for name in ("a1", "b1", "a2", "b2")}
    result = run_document(document(nodes, chain("a1", "a2"), chain("b1", "b2")))
    assert lines(result) == ["a1", "a2", "b1", "b2"]


def test_branches_of_one_node_take_turns() -> None:
    nodes = {name: log(name) for name in ("s", "a1", "a2", "b1", "b2")}
    result = run_document(document(nodes, chain("s", "a1", "a2"), chain("s", "b1", "b2")))
    assert lines(result) == ["s", "a1", "b1", "a2", "b2"]


def test_a_node_that_several_ways_lead_to_runs_once() -> None:
    nodes = {name: log(name) for name in ("s", "a", "b", "m")}
    result = run_document(document(nodes, chain("s", "a", "m"), chain("s", "b", "m")))
    assert lines(result) == ["s", "a", "b", "m"]


def test_an_end_node_ends_its_branch_only() -> None:
    nodes = {"s": log("s"), "end": node("EndNode"), "after": log("after"), "b": log("b")}
    result = run_document(document(nodes, chain("s", "end", "after"), chain("s", "b")))
    assert lines(result) == ["s", "b"]
    assert result.success


def test_a_comment_passes_through_and_a_loose_one_is_left_alone() -> None:
    nodes = {"a": log("a"), "c": node("CommentNode", comment="x"), "b": log("b")}
    nodes["loose"] = node("CommentNode", comment="y")
    result = run_document(document(nodes, chain("a", "c", "b")))
    assert lines(result) == ["a", "b"]
    assert result.nodes_executed == 3


def test_a_circle_of_nodes_is_run_once_around() -> None:
    """Reading a document refuses circles; a workflow made in code may have one."""
    workflow = Workflow(
        nodes=tuple(
            NodeSpec(node_id=name, node_type="LogNode", config={"message": name})
            for name in ("a", "b", "c")
        ),
        connections=tuple(
            Connection(
                source_node=source,
                source_port="exec_out",
                target_node=target,
                target_port="exec_in",
            )
            for source, target in (("a", "b"), ("b", "c"), ("c", "a"))
        ),
    )
    plan = compile_workflow(workflow)
    result = asyncio.run(run_plan(plan, RunOptions(working_dir=Path.cwd()), EventBus()))
    assert lines(result) == ["a", "b", "c"]


def test_a_disabled_node_is_passed_over_and_hands_its_inputs_on() -> None:
    off = node("SetVariableNode", variable_name="x", value="given", _disabled=True)
    nodes = {"off": off, "after": log("got {{off.value}}")}
    bus = EventBus()
    result = run_document(document(nodes, chain("off", "after")), bus=bus)
    assert lines(result) == ["got given"]
    assert "x" not in result.variables
    assert [e.reason for e in bus.get_history(NodeSkipped)] == ["disabled"]
    assert result.nodes_skipped == 1


def test_a_disabled_loop_is_left_by_completed() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 2], _disabled=True),
        "body": log("body"),
        "after": log("after"),
    }
    raw = document(nodes, chain("loop.body", "body"), chain("loop.completed", "after"))
    assert lines(run_document(raw)) == ["after"]


def test_a_data_connection_comes_before_the_config() -> None:
    nodes = {
        "a": node("SetVariableNode", variable_name="x", value=5),
        "b": node("SetVariableNode", variable_name="y", value="config"),
    }
    raw = document(nodes, chain("a", "b"))
    raw["connections"].append(
        {"source_node": "a", "source_port": "value", "target_node": "b", "target_port": "value"}
    )
    assert run_document(raw).variables["y"] == 5


def test_a_data_source_off_the_way_is_evaluated_when_it_is_needed() -> None:
    nodes = {
        "start": node("StartNode"),
        "x": node("SetVariableNode", variable_name="n", value=20),
        "sum": node("MathOperationNode", a="{{n}}", b=1, operation="add"),
        "double": node("MathOperationNode", b=2, operation="multiply"),
        "keep": node("SetVariableNode", variable_name="y"),
    }
    raw = document(nodes, chain("start", "x", "keep"))
    for source, target, port in (("sum", "double", "a"), ("double", "keep", "value")):
        raw["connections"].append(
            {
                "source_node": source,
                "source_port": "result",
                "target_node": target,
                "target_port": port,
            }
        )
    result = run_document(raw)
    assert result.variables["y"] == 42
    assert result.nodes_executed == 5


def test_every_unknown_type_is_named_at_once() -> None:
    raw = document({"a": node("NoSuchNode"), "b": node("StartNode"), "c": node("NeitherNode")})
    with pytest.raises(WorkflowInvalid) as caught:
        compile_workflow(parse_workflow(raw))
    assert "NoSuchNode" in caught.value.message
    assert "NeitherNode" in caught.value.message
    assert [p.node_id for p in caught.value.problems] == ["a", "c"]


def test_events_come_in_their_order() -> None:
    bus = EventBus()
    nodes = {"a": node("SetVariableNode", variable_name="x", value=1)}
    run_document(document(nodes), bus=bus, workflow_id="w")
    kinds: list[type[DomainEvent]] = [type(e) for e in reversed(bus.get_history())]
    assert kinds == [
        WorkflowStarted,
        NodeStarted,
        VariableSet,
        NodeCompleted,
        WorkflowProgress,
        WorkflowCompleted,
    ]
    assert bus.get_history(NodeCompleted)[0].output_data == {"value": 1}
    assert bus.get_history(WorkflowStarted)[0].total_nodes == 1


def test_a_failure_says_which_node_failed_and_why() -> None:
    bus = EventBus()
    nodes = {"t": node("ThrowErrorNode", error_message="broken"), "n": log("never")}
    result = run_document(document(nodes, chain("t", "n")), bus=bus)
    assert result.to_dict()["error"] == {
        "code": "UNKNOWN_ERROR",
        "message": "node t (ThrowErrorNode): broken",
        "node_id": "t",
        "node_type": "ThrowErrorNode",
    }
    assert result.status == "failed"
    assert lines(result) == []
    assert bus.get_history(NodeFailed)[0].error_message == "broken"
    ended = bus.get_history()[0]
    assert isinstance(ended, WorkflowFailed)
    assert ended.failed_node_id == "t"


def test_a_missing_required_value_fails_the_node() -> None:
    result = run_document(document({"n": node("SetVariableNode", value=1)}))
    assert result.error is not None
    assert result.error.code == "MISSING_REQUIRED_FIELD"
    assert "variable_name" in result.error.message


def test_without_stop_on_error_other_branches_go_on() -> None:
    nodes = {"s": log("s"), "t": node("ThrowErrorNode"), "never": log("never"), "b": log("b")}
    raw = document(nodes, chain("s", "t", "never"), chain("s", "b"))
    assert lines(run_document(raw)) == ["s"]
    result = run_document({**raw, "settings": {"stop_on_error": False}})
    assert lines(result) == ["s", "b"]
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.node_id == "t"


def test_a_node_may_be_told_to_go_on_after_its_failure() -> None:
    nodes = {"t": node("ThrowErrorNode", continue_on_error=True), "n": log("n")}
    result = run_document(document(nodes, chain("t", "n")))
    assert result.success
    assert lines(result)[-1] == "n"


def test_declared_variables_are_converted_and_overridden() -> None:
    raw = document({"n": log("{{count}} {{name}}")})
    raw["variables"] = {
        "count": {"name": "count", "type": "Integer", "default_value": "3"},
        "name": "plain",
        "flag": {"name": "flag", "type": "Boolean", "default_value": False},
    }
    result = run_document(raw, {"name": "given", "flag": "yes"})
    assert result.variables == {"count": 3, "name": "given", "flag": True}


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("Boolean", 0, False),
        ("Boolean", 1.0, True),
        ("Integer", "3.0", 3),
        ("Integer", 3.0, 3),
        ("Integer", "3.5", "3.5"),
        ("Boolean", "perhaps", "perhaps"),
    ],
)
def test_a_declared_variable_is_of_its_type_where_that_is_possible(
    kind: str, written: object, value: object
) -> None:
    raw = document({"n": log("{{x}}")})
    raw["variables"] = {"x": {"name": "x", "type": kind, "default_value": written}}
    found = run_document(raw).variables["x"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("says_so", [True, False])
def test_control_passes_a_bend_in_a_wire(says_so: bool) -> None:
    bend = node("RerouteNode", is_exec_reroute=True) if says_so else node("RerouteNode")
    into = {"source_node": "s", "source_port": "exec_out", "target_node": "b", "target_port": "in"}
    on = {"source_node": "b", "source_port": "out", "target_node": "n", "target_port": "exec_in"}
    nodes = {"s": node("StartNode"), "b": bend, "n": log("n")}
    assert lines(run_document(document(nodes, [into, on]))) == ["n"]


def test_control_passes_two_bends_in_a_row() -> None:
    bend = node("RerouteNode", is_exec_reroute="true")
    ends = [("s", "exec_out", "b", "in"), ("b", "out", "c", "in"), ("c", "out", "n", "exec_in")]
    links = [
        {"source_node": s, "source_port": o, "target_node": t, "target_port": i}
        for s, o, t, i in ends
    ]
    nodes = {"s": node("StartNode"), "b": bend, "c": bend, "n": log("n")}
    assert lines(run_document(document(nodes, links))) == ["n"]


def test_a_wire_that_no_run_follows_is_told_of() -> None:
    nodes = {"f": node("IfNode", condition="1 == 1"), "n": log("n"), "m": log("m")}
    result = run_document(document(nodes, chain("f.true", "n"), chain("f.maybe", "m")))
    assert lines(result) == [
        "there is no port 'maybe' to leave by: m is not run from here",
        "n",
    ]


def test_a_read_only_variable_cannot_be_set() -> None:
    raw = document({"n": node("SetVariableNode", variable_name="fixed", value=2)})
    raw["variables"] = {"fixed": {"name": "fixed", "default_value": 1, "readonly": True}}
    result = run_document(raw)
    assert result.error is not None
    assert result.error.code == "PERMISSION_DENIED"
    assert result.variables["fixed"] == 1


def test_internal_variables_stay_out_of_the_result() -> None:
    nodes = {"n": node("SetVariableNode", variable_name="_hidden", value=1)}
    assert run_document(document(nodes), {"seen": 1}).variables == {"seen": 1}


def test_a_sensitive_value_is_seen_nowhere() -> None:
    bus = EventBus()
    events: list[DomainEvent] = []
    bus.subscribe_all(events.append)
    nodes = {
        "copy": node("SetVariableNode", variable_name="copy", value="key={{password}}"),
        "say": log("the password is {{password}}"),
        "fail": node("ThrowErrorNode", error_message="refused {{password}}"),
    }
    raw = document(nodes, chain("copy", "say", "fail"))
    raw["variables"] = {"password": {"name": "password", "default_value": "", "sensitive": True}}
    result = run_document(raw, {"password": "hunter2!"}, bus=bus)
    assert result.variables == {"password": "***", "copy": "key=***"}
    assert lines(result) == ["the password is ***"]
    assert "hunter2!" not in repr(result)
    assert "hunter2!" not in repr([event.to_dict() for event in events])


def test_only_the_last_log_lines_are_kept() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", mode="range", start=0, end=10_003),
        "say": log("{{loop.current_item}}"),
    }
    result = run_document(document(nodes, chain("loop.body", "say")))
    assert len(result.logs) == 10_000
    assert result.logs_dropped == 3
    assert result.logs[-1]["message"] == "10002"


def test_a_result_that_is_too_large_loses_its_largest_values() -> None:
    nodes = {"n": node("SetVariableNode", variable_name="big", value="x" * 5000)}
    result = run_document(document(nodes), {"small": 1}, max_result_bytes=2000)
    assert result.variables["big"] == {"_truncated": True, "bytes": 5002}
    assert result.variables["small"] == 1


def test_a_thousand_nodes_in_a_chain_are_run() -> None:
    names = [f"n{n}" for n in range(1000)]
    nodes = {n: node("IncrementVariableNode", variable_name="x") for n in names}
    result = run_document(document(nodes, chain(*names)))
    assert result.variables["x"] == 1000
    assert result.nodes_executed == 1000


def test_a_failure_leaves_three_hundred_retries_and_tries() -> None:
    nodes = {f"r{n}": node("RetryNode", max_attempts=1) for n in range(300)}
    nodes |= {f"t{n}": node("TryNode") for n in range(300)}
    nodes["fail"] = node("ThrowErrorNode", error_message="deep")
    links = [chain(f"r{n}.retry_body", f"t{n}") for n in range(300)]
    links += [chain(f"t{n}.try_body", f"r{n + 1}") for n in range(299)]
    result = run_document(document(nodes, *links, chain("t299.try_body", "fail")))
    assert result.error is not None
    assert result.error.message.endswith("deep")


@pytest.mark.parametrize("kind", ["if", "for", "try"])
def test_three_hundred_nested_nodes_are_no_problem(kind: str) -> None:
    about = {
        "if": node("IfNode", condition="1 < 2"),
        "for": node("ForLoopStartNode", items=[1]),
        "try": node("TryNode"),
    }
    port = {"if": "true", "for": "body", "try": "try_body"}[kind]
    nodes = {f"n{n}": about[kind] for n in range(300)}
    links = [chain(f"n{n}.{port}", f"n{n + 1}") for n in range(299)]
    nodes["deep"] = log("deep")
    result = run_document(document(nodes, *links, chain(f"n299.{port}", "deep")))
    assert result.success, result.error
    assert lines(result) == ["deep"]


def test_progress_is_told_when_a_node_is_done_for_the_first_time() -> None:
    bus = EventBus()
    nodes = {
        "a": log("a"),
        "loop": node("ForLoopStartNode", items=[1, 2, 3]),
        "b": log("b"),
        "c": log("c"),
    }
    raw = document(nodes, chain("a", "loop"), chain("loop.body", "b"), chain("loop.completed", "c"))
    run_document(raw, bus=bus)
    told = [(e.current_node_id, e.percentage) for e in reversed(bus.get_history(WorkflowProgress))]
    assert told == [("a", 27.0), ("loop", 50.0), ("b", 72.0), ("c", 95.0)]


def test_a_value_that_comes_to_a_port_that_is_not_there_is_told_of() -> None:
    nodes = {"a": node("SetVariableNode", variable_name="x", value=1), "say": log("x")}
    wrong = {"source_node": "a", "source_port": "value"}
    wrong |= {"target_node": "say", "target_port": "mesage"}
    result = run_document(document(nodes, [*chain("a", "say"), wrong]))
    (warning,) = [line for line in result.logs if line["level"] == "WARNING"]
    assert "no port 'mesage'" in warning["message"]
    assert warning["node_id"] == "say"


def test_a_warning_names_the_node_that_read_the_placeholder() -> None:
    nodes = {"fork": node("ForkNode"), "a": log("{{nobody}}"), "b": log("b")}
    raw = document(nodes, chain("fork.branch_1", "a"), chain("fork.branch_2", "b"))
    result = run_document(raw)
    assert [x["node_id"] for x in result.logs if x["level"] == "WARNING"] == ["a"]
