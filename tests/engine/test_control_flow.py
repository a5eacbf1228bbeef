"""Every control node, alone."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeCompleted, NodeSkipped, NodeStarted
from casare_rpa.nodes.error_handling import RetryNode
from tests.engine.test_walk import lines, log
from tests.support.runs import chain, document, node, run_document


def _for(body: str = "{{item}}", **config: Any) -> list[str]:
    nodes = {
        "loop": node("ForLoopStartNode", **config),
        "say": log(body),
        "end": node("ForLoopEndNode"),
        "after": log("after"),
    }
    raw = document(nodes, chain("loop.body", "say", "end"), chain("loop.completed", "after"))
    return lines(run_document(raw, {"rows": [7, 8]}))


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"items": [1, 2]}, ["1", "2"]),
        ({"items": "[1, 2]"}, ["1", "2"]),
        ({"items": "{{rows}}"}, ["7", "8"]),
        ({"items": "ab"}, ["a", "b"]),
        ({"items": 5}, ["5"]),
        ({"items": []}, []),
        ({"list_var": "rows"}, ["7", "8"]),
        ({"start": 8}, ["8", "9"]),
        ({"mode": "range", "start": 3, "end": "0", "step": -1}, ["3", "2", "1"]),
    ],
)
def test_a_for_loop_goes_over_its_source(config: dict[str, Any], expected: list[str]) -> None:
    assert _for(**config) == [*expected, "after"]


def test_a_map_gives_values_with_keys() -> None:
    text = "{{loop.current_index}} {{loop.key}}={{loop.item}} {{item_key}}"
    assert _for(text, items={"a": 1, "b": 2}) == ["0 a=1 a", "1 b=2 b", "after"]


def test_a_step_of_zero_fails_the_loop() -> None:
    result = run_document(document({"l": node("ForLoopStartNode", mode="range", step=0)}))
    assert result.error is not None
    assert result.error.code == "VALUE_OUT_OF_RANGE"


def test_changing_the_list_does_not_change_the_loop() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items="{{rows}}"),
        "set": node("SetVariableNode", variable_name="rows", value=[]),
        "say": log("{{item}}"),
    }
    raw = document(nodes, chain("loop.body", "set", "say"))
    assert lines(run_document(raw, {"rows": [1, 2, 3]})) == ["1", "2", "3"]


def test_each_pass_of_a_loop_is_reported() -> None:
    bus = EventBus()
    nodes = {"loop": node("ForLoopStartNode", items=[5, 6]), "say": log("x")}
    run_document(document(nodes, chain("loop.body", "say")), bus=bus)
    passes = [e.output_data for e in bus.get_history(NodeCompleted) if e.node_id == "loop"]
    assert passes == [
        {"current_item": 6, "current_index": 1},
        {"current_item": 5, "current_index": 0},
    ]


def test_a_diamond_inside_a_loop_joins_in_every_pass() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 2]),
        "a": log("a"),
        "b": log("b"),
        "m": log("m"),
    }
    raw = document(nodes, chain("loop.body", "a", "m"), chain("loop.body", "b", "m"))
    assert lines(run_document(raw)) == ["a", "b", "m", "a", "b", "m"]


def test_the_end_of_an_outer_loop_reached_inside_begins_its_next_pass() -> None:
    nodes = {
        "outer": node("ForLoopStartNode", items=[1, 2], item_var="o"),
        "inner": node("ForLoopStartNode", items=[1, 2, 3]),
        "say": log("{{o}} {{item}}"),
        "end": node("ForLoopEndNode", paired_start_id="outer"),
    }
    raw = document(nodes, chain("outer.body", "inner"), chain("inner.body", "say", "end"))
    assert lines(run_document(raw)) == ["1 1", "2 1"]


def test_a_while_loop_stops_at_its_limit() -> None:
    nodes = {
        "loop": node("WhileLoopStartNode", condition="true", max_iterations=3),
        "say": log("{{loop.current_iteration}}"),
        "after": log("after"),
    }
    raw = document(nodes, chain("loop.body", "say"), chain("loop.completed", "after"))
    assert lines(run_document(raw)) == ["0", "1", "2", "after"]


def test_a_break_outside_any_loop_passes_through_with_a_warning() -> None:
    nodes = {"b": node("BreakNode"), "n": log("n")}
    result = run_document(document(nodes, chain("b", "n")))
    assert [line["level"] for line in result.logs] == ["WARNING", "INFO"]


@pytest.mark.parametrize(
    ("condition", "way"),
    [
        ("{{n}} > 5", "true"),
        ("{{s}} == 'a'", "true"),
        ("'{{s}}' == 'a'", "true"),
        ("{{flag}}", "false"),
        ("{{no}}", "false"),
        ("n > 5 and s == 'a'", "true"),
        ("property_count > 1", "true"),
        ("{{rows[1]}} == 8", "true"),
        ("yes", "true"),
        ("0", "false"),
        (True, "true"),
        (0, "false"),
    ],
)
def test_a_condition_decides(condition: Any, way: str) -> None:
    nodes = {"if": node("IfNode", condition=condition), "t": log("true"), "f": log("false")}
    raw = document(nodes, chain("if.true", "t"), chain("if.false", "f"))
    values = {"n": 6, "s": "a", "flag": False, "no": "no", "property_count": 2, "rows": [7, 8]}
    assert lines(run_document(raw, values)) == [way]


@pytest.mark.parametrize(
    ("text", "way"),
    [
        *(("5 < 3", "false"), ("5 > 3", "true"), ("None", "false"), ("[]", "false")),
        *(("hello", "true"), ("two words", "true"), ("no", "false"), ("{{x}}", "true")),
    ],
)
def test_the_text_of_a_placeholder_may_be_the_condition(text: str, way: str) -> None:
    nodes = {"if": node("IfNode", condition="{{c}}"), "t": log("true"), "f": log("false")}
    raw = document(nodes, chain("if.true", "t"), chain("if.false", "f"))
    assert lines(run_document(raw, {"c": text, "x": False})) == [way]


@pytest.mark.parametrize("condition", ["{{x}} >", "nobody > 1", "{{unknown}} > 1", "'a' > 1"])
def test_a_condition_that_fails_is_false_with_a_warning(condition: str) -> None:
    nodes = {"if": node("IfNode", condition=condition), "f": log("false")}
    result = run_document(document(nodes, chain("if.false", "f")), {"x": 1})
    assert [line["level"] for line in result.logs] == ["WARNING", "INFO"]
    assert result.success


def test_an_expression_counts_if_there_is_no_condition() -> None:
    nodes = {"if": node("IfNode", expression="x == 1"), "t": log("true")}
    assert lines(run_document(document(nodes, chain("if.true", "t")), {"x": 1})) == ["true"]


@pytest.mark.parametrize(
    ("value", "way"), [("a", "a"), ("0", "zero"), (0, "zero"), ("z", "default")]
)
def test_a_switch_takes_the_exact_port_before_the_position(value: Any, way: str) -> None:
    nodes = {
        "sw": node("SwitchNode", value="{{v}}", cases=["a", "0"]),
        "a": log("a"),
        "zero": log("zero"),
        "d": log("default"),
    }
    raw = document(
        nodes, chain("sw.case_a", "a"), chain("sw.case_0", "zero"), chain("sw.default", "d")
    )
    assert lines(run_document(raw, {"v": value})) == [way]


def test_a_switch_with_a_broken_expression_fails() -> None:
    result = run_document(document({"s": node("SwitchNode", expression="nobody", cases="a")}))
    assert result.error is not None
    assert result.error.code == "EXPRESSION_ERROR"


def test_the_chain_behind_a_try_is_its_body_if_nothing_else_is() -> None:
    nodes = {
        "try": node("TryNode"),
        "fail": node("ThrowErrorNode", error_message="x"),
        "catch": node("CatchNode"),
        "caught": log("caught {{catch.error_message}} {{catch.error_type}}"),
        "final": node("FinallyNode"),
        "last": log("had {{final.had_error}}"),
    }
    raw = document(
        nodes,
        chain("try", "fail", "catch"),
        chain("catch.catch_body", "caught", "final"),
        chain("final.finally_body", "last"),
    )
    result = run_document(raw)
    assert lines(result) == ["caught x UNKNOWN_ERROR", "had True"]
    assert result.success
    raw["nodes"]["fail"] = {"node_id": "fail", **log("fine")}
    assert lines(run_document(raw)) == ["fine", "had False"]


def test_a_catch_that_nothing_failed_for_is_skipped() -> None:
    bus = EventBus()
    nodes = {"a": log("a"), "catch": node("CatchNode"), "b": log("b")}
    raw = document(nodes, chain("a", "catch"), chain("catch.catch_body", "b"))
    assert lines(run_document(raw, bus=bus)) == ["a"]
    assert bus.get_history(NodeSkipped)[0].node_id == "catch"


@pytest.mark.parametrize(
    ("types", "caught"),
    [("NodeError", True), ("file_not_found, UNKNOWN_ERROR", True), ("X", False)],
)
def test_a_catch_takes_the_types_it_names(types: str, caught: bool) -> None:
    nodes = {
        "try": node("TryNode"),
        "fail": node("ThrowErrorNode"),
        "catch": node("CatchNode", paired_try_id="try", error_types=types),
    }
    assert run_document(document(nodes, chain("try.try_body", "fail"))).success is caught


def _retry(fails: int, **config: Any) -> Any:
    nodes = {
        "retry": node("RetryNode", initial_delay=0, **config),
        "count": node("IncrementVariableNode", variable_name="n"),
        "check": node("IfNode", condition=f"n > {fails}"),
        "yes": log("attempt {{retry.attempt}}"),
        "no": node("ThrowErrorNode", error_message="not yet"),
        "good": log("success {{retry.attempt}}"),
        "bad": log("failed {{retry.last_error}}"),
    }
    raw = document(
        nodes,
        chain("retry.retry_body", "count", "check"),
        chain("check.true", "yes"),
        chain("check.false", "no"),
        chain("retry.success", "good"),
        chain("retry.failed", "bad"),
    )
    return run_document(raw)


def test_a_retry_tries_again_until_it_succeeds() -> None:
    assert lines(_retry(2)) == ["attempt 3", "success 3"]


def test_a_retry_gives_up_after_its_attempts() -> None:
    result = _retry(9, max_retries=2)
    assert lines(result) == ["failed not yet"]
    assert result.success


def test_a_retry_waits_longer_each_time() -> None:
    nodes = {
        "retry": node("RetryNode", max_attempts=3, initial_delay=0.1, backoff_multiplier=3),
        "no": node("ThrowErrorNode"),
    }
    began = time.monotonic()
    result = run_document(document(nodes, chain("retry.retry_body", "no")))
    assert 0.4 <= time.monotonic() - began < 60
    assert result.status == "failed"


def test_retry_success_and_fail_decide_the_attempt() -> None:
    nodes = {
        "retry": node("RetryNode", max_attempts=2, initial_delay=0),
        "check": node("IfNode", condition="{{retry.attempt}} == 1"),
        "fail": node("RetryFailNode", error_message="first"),
        "ok": node("RetrySuccessNode"),
        "never": log("never"),
        "good": log("good"),
    }
    raw = document(
        nodes,
        chain("retry.retry_body", "check"),
        chain("check.true", "fail"),
        chain("check.false", "ok", "never"),
        chain("retry.success", "good"),
    )
    assert lines(run_document(raw)) == ["good"]


@pytest.mark.parametrize("multiplier", [10, 1.5, "1e300"])
def test_a_wait_that_would_grow_beyond_all_numbers_is_a_day(multiplier: Any) -> None:
    retry = RetryNode(max_attempts=3, initial_delay=0.5, backoff_multiplier=float(multiplier))
    assert retry.pause_seconds(100_000) == 86_400
    whole = RetryNode(max_attempts=3, initial_delay=1, backoff_multiplier=10**400)
    assert whole.pause_seconds(2) == 86_400
    assert RetryNode(max_attempts=3, initial_delay=1, backoff_multiplier=2).pause_seconds(4) == 8


def test_attempts_without_a_wait_may_be_very_many() -> None:
    nodes = {
        "retry": node("RetryNode", max_attempts=2000, initial_delay=0, backoff_multiplier=2.0),
        "count": node("IncrementVariableNode", variable_name="n"),
        "check": node("AssertNode", condition="n > 1500"),
        "good": log("good"),
    }
    raw = document(
        nodes, chain("retry.retry_body", "count", "check"), chain("retry.success", "good")
    )
    result = run_document(raw)
    assert result.success, result.error
    assert lines(result) == ["good"]


@pytest.mark.parametrize("name", ["max_attempts", "initial_delay", "backoff_multiplier"])
@pytest.mark.parametrize("value", ["nan", "many", -1])
def test_a_retry_refuses_what_is_no_number_of_times_or_seconds(name: str, value: Any) -> None:
    result = run_document(document({"retry": node("RetryNode", **{name: value})}))
    assert result.error is not None
    assert result.error.code == "VALUE_OUT_OF_RANGE"


def test_on_error_runs_its_branch_and_the_last_one() -> None:
    nodes = {
        "guard": node("OnErrorNode"),
        "fail": node("ThrowErrorNode", error_message="x"),
        "handle": log("{{guard.error_node}}: {{guard.error_message}}"),
        "last": log("last"),
    }
    raw = document(
        nodes,
        chain("guard.protected_body", "fail"),
        chain("guard.on_error", "handle"),
        chain("guard.finally", "last"),
    )
    assert lines(run_document(raw)) == ["fail: x", "last"]


def _recovery(strategy: str, **more: Any) -> Any:
    nodes = {
        "rule": node("ErrorRecoveryNode", strategy=strategy, max_retries=2),
        "count": node("IncrementVariableNode", variable_name="runs"),
        "fail": node("AssertNode", condition="{{good}}", message="bad"),
        "after": log("after"),
        "instead": log("instead"),
    }
    raw = document(
        nodes, chain("rule", "count", "fail", "after"), chain("rule.fallback", "instead")
    )
    return run_document(raw, {"good": False, **more})


@pytest.mark.parametrize(
    ("strategy", "status", "runs", "last"),
    [
        ("stop", "failed", 1, None),
        ("continue", "completed", 1, "after"),
        ("retry", "failed", 1, None),
        ("restart", "failed", 3, None),
        ("fallback", "completed", 1, "instead"),
        ("nonsense", "failed", 1, None),
    ],
)
def test_a_recovery_strategy_rules_later_failures(
    strategy: str, status: str, runs: int, last: str | None
) -> None:
    result = _recovery(strategy)
    assert (result.status, result.variables["runs"]) == (status, runs)
    reached = [line for line in lines(result) if line in ("after", "instead")]
    assert reached == ([last] if last else [])


@pytest.mark.parametrize("written", ["2", "many", None, [1]])
def test_variables_of_a_recoverys_name_change_no_recovery(written: Any) -> None:
    nodes = {
        "rule": node("ErrorRecoveryNode", strategy="retry", max_retries=2),
        "limit": node(
            "SetVariableNode", variable_name="_error_recovery_max_retries", value=written
        ),
        "way": node("SetVariableNode", variable_name="_error_recovery_strategy", value="stop"),
        "fail": node("AssertNode", condition=False),
    }
    bus = EventBus()
    result = run_document(document(nodes, chain("rule", "limit", "way", "fail")), bus=bus)
    assert result.error is not None
    assert result.error.code == "VALIDATION_FAILED"
    assert len([e for e in bus.get_history(NodeStarted) if e.node_id == "fail"]) == 3


def test_variables_alone_make_no_recovery() -> None:
    raw = document({"fail": node("ThrowErrorNode"), "z": log("z")}, chain("fail", "z"))
    assert run_document(raw, {"_error_recovery_strategy": "continue"}).status == "failed"


@pytest.mark.parametrize(
    ("limit", "runs"), [("2", 3), ("2.0", 3), (0, 1), ("many", 4), ("nan", 4), ("inf", 4)]
)
def test_a_recovery_tries_as_often_as_its_limit_says_or_else_three_times(
    limit: Any, runs: int
) -> None:
    nodes = {
        "rule": node("ErrorRecoveryNode", strategy="retry", max_retries=limit),
        "fail": node("AssertNode", condition=False),
    }
    bus = EventBus()
    assert run_document(document(nodes, chain("rule", "fail")), bus=bus).status == "failed"
    assert len([e for e in bus.get_history(NodeStarted) if e.node_id == "fail"]) == runs


def test_branches_of_a_fork_run_beside_each_other_on_their_own_variables() -> None:
    nodes = {
        "fork": node("ForkNode", branch_count=3),
        **{f"w{n}": node("WaitNode", duration=0.2) for n in (1, 2, 3)},
        **{f"s{n}": node("SetVariableNode", variable_name="x", value=n) for n in (1, 2, 3)},
        "join": node("JoinNode"),
        "after": log("{{branch_1_x}} {{branch_2_x}} {{branch_3_x}} {{x}}"),
    }
    branches = [chain(f"fork.branch_{n}", f"w{n}", f"s{n}", "join") for n in (1, 2, 3)]
    bus = EventBus()
    result = run_document(document(nodes, *branches, chain("join", "after")), {"x": 0}, bus=bus)
    started = [e.timestamp for e in bus.get_history(NodeStarted) if e.node_id.startswith("w")]
    ended = [e.timestamp for e in bus.get_history(NodeCompleted) if e.node_id.startswith("w")]
    assert len(started) == len(ended) == 3
    assert max(started) < min(ended)
    assert lines(result) == ["1 2 3 0"]
    assert result.outputs["join"]["branch_count"] == 3
    assert result.outputs["join"]["results"] == {f"branch_{n}": {"x": n} for n in (1, 2, 3)}


def _failing_fork(**config: Any) -> Any:
    nodes = {
        "fork": node("ForkNode", **config),
        "fail": node("ThrowErrorNode", error_message="x"),
        "wait": node("WaitNode", duration=0.2),
        "set": node("SetVariableNode", variable_name="done", value=True),
        "join": node("JoinNode"),
    }
    raw = document(
        nodes, chain("fork.branch_1", "fail", "join"), chain("fork.branch_2", "wait", "set", "join")
    )
    return run_document(raw)


def test_a_fork_that_says_no_number_has_the_branches_that_are_wired() -> None:
    nodes = {"fork": node("ForkNode"), **{f"b{n}": node("LogNode", message=n) for n in (1, 2, 3)}}
    raw = document(nodes, *(chain(f"fork.branch_{n}", f"b{n}") for n in (1, 2, 3)))
    assert sorted(line["message"] for line in run_document(raw).logs) == ["1", "2", "3"]


def test_a_failed_branch_is_recorded_in_the_results() -> None:
    result = _failing_fork()
    assert result.success
    assert result.outputs["join"]["results"] == {
        "branch_1": {"_error": "x"},
        "branch_2": {"done": True},
    }


def test_with_fail_fast_a_failed_branch_stops_the_others() -> None:
    result = _failing_fork(fail_fast=True)
    assert result.status == "failed"
    assert "set" not in result.outputs


def test_a_fork_that_may_fail_is_left_behind_its_join() -> None:
    nodes = {
        "fork": node("ForkNode", continue_on_error=True),
        "a": node("ThrowErrorNode"),
        "b": node("ThrowErrorNode"),
        "join": node("JoinNode"),
        "after": log("after"),
    }
    branches = chain("fork.branch_1", "a", "join", "after"), chain("fork.branch_2", "b", "join")
    result = run_document(document(nodes, *branches))
    assert result.success, result.error
    assert [(line["node_id"], line["level"]) for line in result.logs] == [
        ("fork", "WARNING"),
        ("after", "INFO"),
    ]


def test_a_parallel_loop_whose_items_all_fail_leaves_by_its_way_for_errors() -> None:
    nodes = {
        "each": node("ParallelForEachNode", items=[1, 2]),
        "a": node("ThrowErrorNode", error_message="no"),
        "handle": log("{{each.error}}"),
        "after": log("after"),
    }
    ways = chain("each.body", "a"), chain("each.exec_error", "handle")
    result = run_document(document(nodes, *ways, chain("each.completed", "after")))
    assert lines(result) == ["no"]


def _parallel(condition: str = "false", bus: EventBus | None = None, **config: Any) -> Any:
    nodes = {
        "each": node("ParallelForEachNode", items=[0, 1, 2, 3], **config),
        "wait": node("WaitNode", duration=0.1),
        "check": node("IfNode", condition=condition),
        "bad": node("ThrowErrorNode", error_message="bad {{item}}"),
        "ten": node("SetVariableNode", variable_name="ten", value="{{index}}0"),
        "after": log("after"),
    }
    raw = document(
        nodes,
        chain("each.body", "wait", "check"),
        chain("check.true", "bad"),
        chain("check.false", "ten"),
        chain("each.completed", "after"),
    )
    return run_document(raw, bus=bus)


def test_items_are_done_in_parallel_and_results_keep_their_order() -> None:
    bus = EventBus()
    told: list[Any] = []
    bus.subscribe(NodeStarted)(told.append)
    bus.subscribe(NodeCompleted)(told.append)
    result = _parallel(bus=bus)
    waits = [type(event) for event in told if event.node_id == "wait"]
    assert waits == [NodeStarted] * 4 + [NodeCompleted] * 4
    assert result.outputs["each"]["results"] == [{"ten": f"{n}0"} for n in range(4)]
    assert lines(result) == ["after"]
    assert result.variables == {}


def test_an_item_that_failed_is_recorded_unless_the_first_failure_counts() -> None:
    result = _parallel("item == 2")
    assert result.success
    assert result.outputs["each"]["results"][2] == {"_error": "bad 2"}
    assert _parallel("item == 2", fail_fast=True).status == "failed"
    assert _parallel("true").status == "failed"


def test_an_item_that_takes_too_long_fails() -> None:
    nodes = {
        "each": node("ParallelForEachNode", items=[1], timeout_per_item=0.1),
        "wait": node("WaitNode", duration=5),
    }
    result = run_document(document(nodes, chain("each.body", "wait")))
    assert result.error is not None
    assert result.error.code == "TIMEOUT"


def test_a_fork_inside_a_loop_runs_in_every_pass() -> None:
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 2]),
        "fork": node("ForkNode"),
        "a": node("SetVariableNode", variable_name="v", value="{{item}}"),
        "b": node("SetVariableNode", variable_name="v", value="{{item}}"),
        "join": node("JoinNode"),
        "say": log("{{branch_1_v}}{{branch_2_v}}"),
        "end": node("ForLoopEndNode"),
    }
    raw = document(
        nodes,
        chain("loop.body", "fork"),
        chain("fork.branch_1", "a", "join"),
        chain("fork.branch_2", "b", "join"),
        chain("join", "say", "end"),
    )
    assert lines(run_document(raw)) == ["11", "22"]


def test_no_task_is_left_behind() -> None:
    async def run() -> int:
        from pathlib import Path

        from casare_rpa.domain.workflow import parse_workflow
        from casare_rpa.engine import RunOptions, compile_workflow, run_plan

        nodes = {
            "fork": node("ForkNode", fail_fast=True),
            "fail": node("ThrowErrorNode"),
            "wait": node("WaitNode", duration=30),
        }
        raw = document(nodes, chain("fork.branch_1", "fail"), chain("fork.branch_2", "wait"))
        plan = compile_workflow(parse_workflow(raw))
        await run_plan(plan, RunOptions(working_dir=Path.cwd()), EventBus())
        return len(asyncio.all_tasks())

    assert asyncio.run(run()) == 1
