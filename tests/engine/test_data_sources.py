"""Nodes without execution wires that feed others: pulled by their consumer, each time it runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeFailed, NodeSkipped, NodeStarted
from casare_rpa.engine import RunResult
from tests.engine.test_walk import lines, log
from tests.support.runs import chain, document, node, run_document

Json = dict[str, Any]


def wire(source: str, target: str) -> Json:
    """A data connection, both written as node.port."""
    names = (*source.split("."), *target.split("."))
    return dict(
        zip(("source_node", "source_port", "target_node", "target_port"), names, strict=True)
    )


def put(name: str, value: Any = None, **more: Any) -> Json:
    return node("SetVariableNode", variable_name=name, value=value, **more)


def flaky(good_from: int) -> Json:
    """A source that fails until the variable `tries`, counted by `tick`, is large enough."""
    return {
        "tick": node("IncrementVariableNode", variable_name="tries"),
        "m": node("AssertNode", condition=f"tries >= {good_from}", message="not yet"),
    }


def feed(target: str) -> list[Json]:
    return [wire("tick.value", "m.message"), wire("m.passed", target)]


def _linear(rule: Json | None = None, *, good_from: int = 9, **consumer: Any) -> RunResult:
    """m, that fails, feeds i; z stands behind it."""
    nodes = {**flaky(good_from), "i": put("i", "config", **consumer), "z": log("z")}
    links = [*chain("i", "z"), *feed("i.value")]
    if rule is not None:
        nodes = {"rule": rule, **nodes}
        links += chain("rule", "i")
    return run_document(document(nodes, links))


def recovery(strategy: str, max_retries: int = 2) -> Json:
    return node("ErrorRecoveryNode", strategy=strategy, max_retries=max_retries)


def said(result: RunResult) -> list[str]:
    return [line["message"] for line in result.logs if line["level"] == "INFO"]


def test_the_failure_of_a_data_source_fails_the_run_and_names_the_source() -> None:
    result = _linear()
    assert result.error is not None
    assert result.error.node_id == "m"
    assert lines(result) == []


def test_a_consumer_begins_before_its_sources_and_fails_with_them() -> None:
    bus = EventBus()
    told: list[Any] = []
    bus.subscribe(NodeStarted)(told.append)
    bus.subscribe(NodeFailed)(told.append)
    nodes = {**flaky(9), "i": put("i")}
    run_document(document(nodes, feed("i.value")), bus=bus)
    assert [(type(event), event.node_id) for event in told] == [
        (NodeStarted, "i"),
        (NodeStarted, "tick"),
        (NodeStarted, "m"),
        (NodeFailed, "m"),
        (NodeFailed, "i"),
    ]
    said = "its data source failed: node m (AssertNode): Assertion failed: 1"
    assert told[-1].error_message == said


def test_a_retry_pulls_the_source_again_and_then_runs_its_consumer() -> None:
    result = _linear(recovery("retry"), good_from=3)
    assert result.success
    assert result.variables == {"tries": 3, "i": True}
    assert said(result) == ["z"]


def test_a_source_is_retried_no_more_often_than_allowed() -> None:
    result = _linear(recovery("retry"), good_from=4)
    assert result.status == "failed"
    assert result.variables == {"tries": 3}


def test_continue_goes_on_behind_the_consumer_of_a_failed_source() -> None:
    result = _linear(recovery("continue"))
    assert result.success
    assert result.variables == {"tries": 1}
    assert said(result) == ["z"]


def test_a_consumer_that_may_fail_is_left_when_its_source_fails() -> None:
    result = _linear(continue_on_error=True)
    assert result.success
    assert said(result) == ["z"]
    assert "i" not in result.variables


def test_a_source_that_may_fail_delivers_nothing_and_its_consumer_runs() -> None:
    nodes = {**flaky(9), "i": put("i", "config"), "z": log("z")}
    nodes["m"]["config"]["continue_on_error"] = True
    result = run_document(document(nodes, chain("i", "z"), feed("i.value")))
    assert result.success
    assert result.variables["i"] == "config"
    assert said(result) == ["z"]


def test_the_consumers_own_way_for_errors_is_taken() -> None:
    nodes = {**flaky(9), "i": put("i"), "z": log("z"), "handle": log("{{i.error}}")}
    raw = document(nodes, chain("i", "z"), chain("i.exec_error", "handle"), feed("i.value"))
    result = run_document(raw)
    assert result.success
    assert said(result) == ["Assertion failed: 1"]


def test_the_fallback_is_taken_when_a_source_fails() -> None:
    nodes = {"rule": recovery("fallback"), **flaky(9), "i": put("i"), "instead": log("instead")}
    raw = document(nodes, chain("rule", "i"), chain("rule.fallback", "instead"), feed("i.value"))
    assert said(run_document(raw)) == ["instead"]


def test_a_restart_begins_again_when_a_source_fails() -> None:
    result = _linear(recovery("restart"), good_from=3)
    assert result.success
    assert said(result) == ["z"]
    assert result.variables["tries"] == 3


def test_without_stop_on_error_a_failed_source_ends_the_branch_of_its_consumer() -> None:
    nodes = {"s": log("s"), **flaky(9), "i": put("i"), "z": log("z"), "other": log("other")}
    links = [chain("s", "i", "z"), chain("s", "other"), feed("i.value")]
    result = run_document(document(nodes, *links, settings={"stop_on_error": False}))
    assert lines(result) == ["s", "other"]
    assert result.error is not None
    assert result.error.node_id == "m"


def test_a_catch_learns_of_the_source_that_failed_in_the_body() -> None:
    nodes = {
        "try": node("TryNode"),
        **flaky(9),
        "i": put("i"),
        "catch": node("CatchNode"),
        "handle": log("{{catch.error_type}}: {{catch.error_message}}"),
        "z": log("z"),
    }
    raw = document(
        nodes,
        chain("try.try_body", "i", "catch"),
        chain("catch.catch_body", "handle"),
        chain("try", "z"),
        feed("i.value"),
    )
    assert lines(run_document(raw)) == ["VALIDATION_FAILED: Assertion failed: 1", "z"]


def test_an_attempt_of_a_retry_pulls_its_sources_anew() -> None:
    nodes = {
        "retry": node("RetryNode", max_attempts=3, initial_delay=0),
        **flaky(3),
        "i": put("i"),
        "z": log("{{tries}} {{i}}"),
    }
    raw = document(
        nodes, chain("retry.retry_body", "i"), chain("retry.success", "z"), feed("i.value")
    )
    assert lines(run_document(raw)) == ["3 True"]


def _loop(strategy: str) -> RunResult:
    """In each pass `m`, that fails for odd items, feeds `i`; `say` stands behind it."""
    nodes = {
        "rule": recovery(strategy),
        "loop": node("ForLoopStartNode", items=[2, 3, 4]),
        "even": node("EvalExpressionNode", expression="1 - item % 2"),
        "m": node("MathOperationNode", operation="divide"),
        "i": put("i", "config"),
        "say": log("{{item}} {{i}}"),
        "end": node("ForLoopEndNode"),
        "z": log("z"),
    }
    links = [
        chain("rule", "loop.body", "i", "say", "end"),
        chain("loop.completed", "z"),
        [wire("loop.current_item", "m.a"), wire("even.result", "m.b"), wire("m.result", "i.value")],
    ]
    return run_document(document(nodes, *links))


def test_a_pass_whose_source_fails_does_not_end_the_loop() -> None:
    result = _loop("continue")
    assert result.success, result.error
    assert said(result) == ["2 2", "3 2", "4 4", "z"]


def test_a_source_that_may_fail_does_not_deliver_what_it_gave_in_an_earlier_pass() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 0]),
        "m": node("MathOperationNode", operation="divide", a=6, continue_on_error=True),
        "i": put("i", "config"),
        "say": log("{{i}}"),
    }
    raw = document(
        nodes,
        chain("loop.body", "i", "say"),
        [wire("loop.current_item", "m.b"), wire("m.result", "i.value")],
    )
    result = run_document(raw)
    assert said(result) == ["6", "config"]


def test_a_source_that_fails_in_a_branch_is_retried_there() -> None:
    nodes = {
        "rule": recovery("retry"),
        "fork": node("ForkNode"),
        **flaky(3),
        "i": put("i"),
        "b": put("b", 1),
        "join": node("JoinNode"),
        "z": log("{{branch_1_i}} {{branch_2_b}}"),
    }
    raw = document(
        nodes,
        chain("rule", "fork.branch_1", "i", "join", "z"),
        chain("fork.branch_2", "b", "join"),
        feed("i.value"),
    )
    result = run_document(raw)
    assert said(result) == ["True 1"]


def test_what_a_branch_has_tried_in_vain_is_not_tried_outside_of_it() -> None:
    nodes = {
        "rule": recovery("retry"),
        "fork": node("ForkNode"),
        **flaky(9),
        "a": put("a"),
        "b": node("ThrowErrorNode", error_message="no"),
        "join": node("JoinNode"),
        "z": log("z"),
    }
    raw = document(
        nodes,
        chain("rule", "fork.branch_1", "a", "join", "z"),
        chain("fork.branch_2", "b", "join"),
        feed("a.value"),
    )
    bus = EventBus()
    result = run_document(raw, bus=bus)
    assert result.status == "failed"
    failed = [event.node_id for event in bus.get_history(NodeFailed)]
    assert (failed.count("m"), failed.count("b")) == (3, 3)


def test_items_side_by_side_pull_their_own_values() -> None:
    nodes = {
        "each": node("ParallelForEachNode", items=[1, 2, 0, 4]),
        "m": node("MathOperationNode", operation="divide", a=8),
        "i": put("i"),
        "z": log("z"),
    }
    raw = document(
        nodes,
        chain("each.body", "i"),
        chain("each.completed", "z"),
        [wire("each.current_item", "m.b"), wire("m.result", "i.value")],
    )
    result = run_document(raw)
    found = result.outputs["each"]["results"]
    assert [each.get("i") for each in found] == [8.0, 4.0, None, 2.0]
    assert "_error" in found[2]
    assert said(result) == ["z"]


@pytest.mark.parametrize(
    ("strategy", "expected"), [("continue", ["no", "after"]), ("retry", ["yes", "after"])]
)
def test_a_condition_whose_source_failed_does_not_hold(strategy: str, expected: list[str]) -> None:
    nodes = {
        "rule": recovery(strategy),
        **flaky(2),
        "if": node("IfNode"),
        "yes": log("yes"),
        "no": log("no"),
        "after": log("after"),
    }
    raw = document(
        nodes,
        chain("rule", "if.true", "yes", "after"),
        chain("if.false", "no", "after"),
        feed("if.condition"),
    )
    assert said(run_document(raw)) == expected


def test_a_switch_whose_source_failed_goes_on_by_its_default() -> None:
    nodes = {
        "rule": recovery("continue"),
        **flaky(9),
        "switch": node("SwitchNode", cases=["True"]),
        "yes": log("yes"),
        "other": log("other"),
    }
    raw = document(
        nodes,
        chain("rule", "switch.case_True", "yes"),
        chain("switch.default", "other"),
        feed("switch.value"),
    )
    assert said(run_document(raw)) == ["other"]


def test_what_could_not_be_validated_is_not_valid() -> None:
    nodes = {
        "rule": recovery("continue"),
        **flaky(9),
        "check": node("ValidateNode"),
        "valid": log("valid"),
        "invalid": log("invalid"),
    }
    raw = document(
        nodes,
        chain("rule", "check.valid", "valid"),
        chain("check.invalid", "invalid"),
        feed("check.value"),
    )
    assert said(run_document(raw)) == ["invalid"]


def test_a_retry_that_cannot_begin_has_failed() -> None:
    nodes = {
        "rule": recovery("continue"),
        **flaky(9),
        "retry": node("RetryNode"),
        "body": log("body"),
        "good": log("good"),
        "failed": log("failed"),
    }
    raw = document(
        nodes,
        chain("rule", "retry.retry_body", "body"),
        chain("retry.success", "good"),
        chain("retry.failed", "failed"),
        feed("retry.max_attempts"),
    )
    assert said(run_document(raw)) == ["failed"]


def _while(*, strategy: str = "stop", source: Json | None = None, **config: Any) -> RunResult:
    """A loop whose condition is delivered by a comparison."""
    nodes = {
        "rule": recovery(strategy, 1),
        "less": source or node("ComparisonNode", a="{{count}}", operator="<", b=3),
        "loop": node("WhileLoopStartNode", **config),
        "more": node("IncrementVariableNode", variable_name="count"),
        "say": log("{{count}} {{loop.current_iteration}}"),
        "end": node("WhileLoopEndNode"),
        "z": log("z"),
    }
    port = "less.passed" if source else "less.result"
    raw = document(
        nodes,
        chain("rule", "loop.body", "more", "say", "end"),
        chain("loop.completed", "z"),
        [wire(port, "loop.condition")],
    )
    return run_document(raw, {"count": 0})


def test_a_condition_that_is_delivered_is_read_before_each_pass() -> None:
    assert said(_while(max_iterations=10)) == ["1 0", "2 1", "3 2", "z"]


def test_a_while_loop_ends_when_the_source_of_its_condition_fails() -> None:
    broken = node("AssertNode", condition="count < 2", message="broken")
    result = _while(source=broken)
    assert result.error is not None
    assert result.error.node_id == "less"
    assert said(result) == ["1 0", "2 1"]
    result = _while(source=broken, strategy="continue")
    assert result.success
    assert said(result) == ["1 0", "2 1", "z"]


def test_a_retry_of_a_while_loops_condition_goes_on_with_the_loop() -> None:
    nodes = {
        "rule": recovery("retry", 5),
        "tick": node("IncrementVariableNode", variable_name="tries"),
        "sound": node("AssertNode", condition="tries != 3", message="at the third"),
        "less": node("ComparisonNode", a="{{count}}", operator="<", b=4),
        "loop": node("WhileLoopStartNode"),
        "more": node("IncrementVariableNode", variable_name="count"),
        "say": log("{{loop.current_iteration}}"),
        "z": log("z"),
    }
    raw = document(
        nodes,
        chain("rule", "loop.body", "more", "say"),
        chain("loop.completed", "z"),
        [
            wire("tick.value", "sound.message"),
            wire("sound.message", "less.tolerance"),
            wire("less.result", "loop.condition"),
        ],
    )
    result = run_document(raw, {"count": 0})
    assert said(result) == ["0", "1", "2", "3", "z"]
    assert result.variables["tries"] == 6


def test_the_items_of_a_for_loop_are_read_once() -> None:
    nodes = {
        "rows": node("EvalExpressionNode", expression="list(range(int('{{n}}')))"),
        "loop": node("ForLoopStartNode"),
        "more": node("IncrementVariableNode", variable_name="n"),
        "say": log("{{item}}"),
    }
    raw = document(nodes, chain("loop.body", "more", "say"), [wire("rows.result", "loop.items")])
    bus = EventBus()
    assert lines(run_document(raw, {"n": 2}, bus=bus)) == ["0", "1"]
    assert [e.node_id for e in bus.get_history(NodeStarted)].count("rows") == 1


def test_the_names_of_the_errors_to_catch_may_be_delivered() -> None:
    nodes = {
        "names": node("EvalExpressionNode", expression="'TIMEOUT'"),
        "try": node("TryNode"),
        "fail": node("ThrowErrorNode", error_message="x"),
        "catch": node("CatchNode"),
    }
    links = [
        chain("try.try_body", "fail", "catch"),
        [wire("names.result", "catch.error_types")],
    ]
    assert run_document(document(nodes, *links)).status == "failed"
    nodes["names"]["config"]["expression"] = "'UNKNOWN_ERROR'"
    assert run_document(document(nodes, *links)).success


def test_the_strategy_of_a_join_may_be_delivered() -> None:
    nodes = {
        "which": node("EvalExpressionNode", expression="'last'"),
        "fork": node("ForkNode"),
        "a": put("x", 1),
        "b": node("WaitNode", duration=0.1),
        "c": put("x", 2),
        "join": node("JoinNode"),
    }
    raw = document(
        nodes,
        chain("fork.branch_1", "a", "join"),
        chain("fork.branch_2", "b", "c", "join"),
        [wire("which.result", "join.merge_strategy")],
    )
    assert run_document(raw).outputs["join"]["results"] == {"branch_2": {"x": 2}}


def test_a_disabled_source_hands_its_inputs_on() -> None:
    bus = EventBus()
    nodes = {"off": put("x", "given", _disabled=True), "say": node("LogNode", level="info")}
    raw = document(nodes, [wire("off.value", "say.message")])
    result = run_document(raw, bus=bus)
    assert said(result) == ["given"]
    assert [e.node_id for e in bus.get_history(NodeSkipped)] == ["off"]


def test_a_disabled_node_hands_on_what_a_source_delivers_to_it() -> None:
    nodes = {
        "sum": node("MathOperationNode", a=1, b=1, operation="add"),
        "off": put("x", _disabled=True),
        "say": log("{{off.value}}"),
    }
    raw = document(nodes, chain("off", "say"), [wire("sum.result", "off.value")])
    assert said(run_document(raw)) == ["2"]


def test_a_source_is_not_run_for_a_disabled_node_that_hands_nothing_on() -> None:
    nodes = {
        "fail": node("AssertNode", condition=False),
        "off": node("LogNode", _disabled=True),
        "say": log("say"),
    }
    raw = document(nodes, chain("off", "say"), [wire("fail.passed", "off.message")])
    assert said(run_document(raw)) == ["say"]


def test_a_disabled_loop_goes_on_behind_its_end_node() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 2], _disabled=True),
        "body": log("body"),
        "end": node("ForLoopEndNode"),
        "after": log("after"),
    }
    raw = document(nodes, chain("loop.body", "body", "end", "after"))
    assert lines(run_document(raw)) == ["after"]


def _subflow(folder: Path, strategy: str) -> RunResult:
    """A subflow whose output is delivered by a source that fails once."""
    nodes = {
        "rule": recovery(strategy),
        **flaky(2),
        "out": node("SubflowOutputNode", port_name="found"),
        "other": node("SubflowOutputNode", port_name="more", value="more"),
        "instead": log("instead"),
    }
    raw = document(nodes, chain("rule.fallback", "instead"), feed("out.value"))
    (folder / "sub.json").write_text(json.dumps(raw))
    calling = {"call": node("SubflowNode", subflow_path="sub.json"), "z": log("z")}
    return run_document(document(calling, chain("call", "z")), folder=folder)


@pytest.mark.parametrize(
    ("strategy", "outputs"),
    [
        ("retry", {"found": True, "more": "more", "tries": 2}),
        ("restart", {"found": True, "more": "more", "tries": 2}),
        ("continue", {"more": "more", "tries": 1}),
        ("fallback", {"more": "more", "tries": 1}),
    ],
)
def test_the_output_of_a_subflow_is_retried_as_any_consumer(
    tmp_path: Path, strategy: str, outputs: Json
) -> None:
    result = _subflow(tmp_path, strategy)
    assert result.success, result.error
    assert result.outputs["call"] == outputs
    assert said(result)[-1] == "z"
    assert ("instead" in said(result)) == (strategy == "fallback")


def test_a_subflow_whose_output_has_no_value_fails(tmp_path: Path) -> None:
    result = _subflow(tmp_path, "stop")
    assert result.error is not None
    assert "node call/m (AssertNode): Assertion failed" in result.error.message


def test_sources_that_are_wired_to_each_other_deliver_though_no_execution_comes_to_them() -> None:
    nodes = {
        "s": node("StartNode"),
        "m": node("MathOperationNode", a=2, b=3),
        "n": node("MathOperationNode", b=10),
        "l": log("default"),
    }
    links = [
        *chain("s", "l"),
        *chain("m", "n"),
        wire("m.result", "n.a"),
        wire("n.result", "l.message"),
    ]
    assert lines(run_document(document(nodes, links))) == ["15"]


def test_a_node_beside_the_way_that_acts_is_not_run_for_what_it_would_deliver() -> None:
    nodes = {
        "s": node("StartNode"),
        "w": node("WriteFileNode", file_path="never.txt", content="x"),
        "m": node("MathOperationNode", a=2, b=3),
        "l": log("default"),
    }
    links = [*chain("s", "l"), *chain("w", "m"), wire("w.file_path", "l.message")]
    assert lines(run_document(document(nodes, links))) == ["default"]
