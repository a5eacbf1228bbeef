"""Workflows that call workflows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

import pytest

from casare_rpa.domain.events import EventBus, NodeCompleted, WorkflowCompleted, WorkflowStarted
from tests.engine.test_walk import lines, log
from tests.support.runs import chain, document, node, run_document

ADD_ONE = document({"add": node("MathOperationNode", a="{{n}}", b=1, output_var="sum")})


def _save(folder: Path, name: str, raw: dict[str, Any]) -> None:
    (folder / name).write_text(json.dumps(raw))


def test_a_called_workflow_gets_inputs_and_gives_its_variables(tmp_path: Path) -> None:
    _save(tmp_path, "child.json", ADD_ONE)
    bus = EventBus()
    nodes = {
        "call": node("ExecuteWorkflowNode", workflow_path="child.json", n="{{mine}}"),
        "say": log("{{call.sum}} {{sum}}"),
    }
    raw = document(nodes, chain("call", "say"))
    result = run_document(raw, {"mine": 4}, folder=tmp_path, bus=bus)
    assert lines(result)[-1] == "5 {{sum}}"
    assert result.variables == {"mine": 4}
    assert {e.node_id for e in bus.get_history(NodeCompleted)} == {"call", "call/add", "say"}
    assert len(bus.get_history(WorkflowStarted)) == len(bus.get_history(WorkflowCompleted)) == 1


def test_a_failure_inside_is_the_nodes_own_unless_error_is_wired(tmp_path: Path) -> None:
    _save(tmp_path, "child.json", document({"t": node("ThrowErrorNode", error_message="no")}))
    nodes = {"call": node("CallSubworkflowNode", subworkflow_path="child.json")}
    result = run_document(document(nodes), folder=tmp_path)
    assert result.error is not None
    assert result.error.node_id == "call"
    assert "node call/t (ThrowErrorNode): no" in result.error.message
    nodes["handled"] = log("handled: {{call.error}}")
    result = run_document(document(nodes, chain("call.error", "handled")), folder=tmp_path)
    assert result.success
    assert lines(result)[-1].startswith("handled: ")


def test_a_workflow_is_called_by_its_id(tmp_path: Path) -> None:
    _save(tmp_path, "child.json", ADD_ONE)
    nodes = {"call": node("CallSubworkflowNode", subworkflow_id="child", inputs={"n": 1})}
    outputs = run_document(document(nodes), folder=tmp_path).outputs["call"]
    assert (outputs["sum"], outputs["success"]) == (2, True)
    nodes = {"call": node("CallSubworkflowNode", subworkflow_id="nobody")}
    result = run_document(document(nodes), folder=tmp_path)
    assert result.error is not None
    assert result.error.code == "CONFIG_NOT_FOUND"


def test_a_called_workflow_that_takes_too_long_fails_the_call(tmp_path: Path) -> None:
    _save(tmp_path, "child.json", document({"w": node("WaitNode", duration=60)}))
    about = {"subworkflow_path": "child.json", "timeout_seconds": 1}
    result = run_document(document({"c": node("CallSubworkflowNode", **about)}), folder=tmp_path)
    assert result.error is not None
    assert result.error.code == "TIMEOUT"


def test_the_run_waits_for_a_workflow_it_started_beside_itself(tmp_path: Path) -> None:
    child = document({"w": node("WaitNode", duration=0.1), "say": log("child")}, chain("w", "say"))
    _save(tmp_path, "child.json", child)
    about = {"workflow_path": "child.json", "wait_for_completion": False}
    nodes = {"call": node("ExecuteWorkflowNode", **about), "say": log("parent")}
    result = run_document(document(nodes, chain("call", "say")), folder=tmp_path)
    assert lines(result) == ["parent", "child"]


def test_the_run_waits_for_what_was_started_beside_what_it_started(tmp_path: Path) -> None:
    beside = {"wait_for_completion": False}
    wait = node("WaitNode", duration=0.1)
    last = document({"w": wait, "say": log("last")}, chain("w", "say"))
    _save(tmp_path, "last.json", last)
    call = node("ExecuteWorkflowNode", workflow_path="last.json", **beside)
    _save(tmp_path, "middle.json", document({"w": wait, "call": call}, chain("w", "call")))
    nodes = {"call": node("ExecuteWorkflowNode", workflow_path="middle.json", **beside)}
    result = run_document(document(nodes), folder=tmp_path)
    assert result.success
    assert lines(result) == ["last"]


@pytest.mark.parametrize("path", ["n" * 300 + ".json", "file.txt/child.json", "bad.json"])
@pytest.mark.parametrize("waits", [True, False])
def test_a_workflow_file_that_cannot_be_read_fails_its_call(
    tmp_path: Path, path: str, waits: bool
) -> None:
    (tmp_path / "file.txt").write_text("x")
    (tmp_path / "bad.json").write_bytes(b'{"nodes": "\xff"}')
    about = {"workflow_path": path, "wait_for_completion": waits}
    nodes = {"call": node("ExecuteWorkflowNode", **about), "say": log("parent")}
    result = run_document(document(nodes, chain("call", "say")), folder=tmp_path)
    if waits:
        assert result.error is not None
        assert result.error.node_id == "call"
        assert path[:20] in result.error.message
    else:
        assert result.success, result.error
        (failed,) = [line for line in lines(result) if line != "parent"]
        assert failed.startswith("a workflow called in the background failed")


def test_what_nobody_expected_of_a_call_in_the_background_is_written_to_the_log(
    tmp_path: Path,
) -> None:
    def broken(name: str) -> NoReturn:
        raise RuntimeError(f"no way to look up {name}")

    _save(tmp_path, "child.json", document({"say": log("{{$secret:pin}}")}))
    about = {"workflow_path": "child.json", "wait_for_completion": False}
    nodes = {"call": node("ExecuteWorkflowNode", **about)}
    result = run_document(document(nodes), folder=tmp_path, find_secret=broken)
    assert result.success, result.error
    assert "no way to look up pin" in lines(result)[0]


def test_workflows_do_not_call_each_other_for_ever(tmp_path: Path) -> None:
    raw = document({"again": node("ExecuteWorkflowNode", workflow_path="self.json")})
    _save(tmp_path, "self.json", raw)
    result = run_document(raw, folder=tmp_path)
    assert result.error is not None
    assert result.error.code == "RESOURCE_EXHAUSTED"


def test_a_subflow_has_ports_of_its_own(tmp_path: Path) -> None:
    nodes = {
        "in": node("SubflowInputNode", port_name="number"),
        "add": node("MathOperationNode", b=1),
        "out": node("SubflowOutputNode", port_name="answer"),
    }
    subflow = document(
        nodes,
        id="subflow_0123456789ab",
        name="Adds",
        inputs=[{"name": "number", "type": "INTEGER", "required": True}],
        outputs=[{"name": "answer", "type": "INTEGER"}],
        parameters=[
            {"name": "plus", "internal_node_id": "add", "internal_property_name": "b"},
        ],
    )
    for source, port, target, into in (
        ("in", "value", "add", "a"),
        ("add", "result", "out", "value"),
    ):
        subflow["connections"].append(
            {
                "source_node": source,
                "source_port": port,
                "target_node": target,
                "target_port": into,
            }
        )
    _save(tmp_path, "adds.json", subflow)
    given = {"subflow_path": "adds.json", "plus": 10}
    raw = document({"n": node("SetVariableNode", variable_name="n", value=5)})
    raw["nodes"]["sub"] = {"node_id": "sub", **node("SubflowNode", **given)}
    raw["connections"] = [
        *chain("n", "sub"),
        {
            "source_node": "n",
            "source_port": "value",
            "target_node": "sub",
            "target_port": "number",
        },
    ]
    assert run_document(raw, folder=tmp_path).outputs["sub"] == {"answer": 15}


def test_a_subflow_without_a_required_input_fails(tmp_path: Path) -> None:
    subflow = document({"s": node("StartNode")}, inputs=[{"name": "must", "required": True}])
    _save(tmp_path, "sub.json", subflow)
    result = run_document(
        document({"s": node("SubflowNode", subflow_path="sub.json")}), folder=tmp_path
    )
    assert result.error is not None
    assert result.error.code == "MISSING_REQUIRED_FIELD"
    assert "must" in result.error.message
