"""Loops, protected bodies and branches inside each other."""

from __future__ import annotations

from typing import Any

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node


def _log(message: str) -> dict[str, Any]:
    return node("LogNode", message=message)


def _each(items: Any, **more: Any) -> dict[str, Any]:
    return node("ForLoopStartNode", items=items, **more)


def _caught(types: str, node_type: str, **config: Any) -> dict[str, Any]:
    """A failure inside a try whose catch wants *types*."""
    return document(
        {
            "try": node("TryNode"),
            "fail": node(node_type, **config),
            "catch": node("CatchNode", paired_try_id="try", error_types=types),
            "say": _log("caught"),
        },
        chain("try.try_body", "fail"),
        chain("catch.catch_body", "say"),
    )


_PROTECTED = [
    Case(
        name="a break out of a try passes its finally",
        document=document(
            {
                "each": _each([1, 2, 3]),
                "try": node("TryNode"),
                "if": node("IfNode", condition="{{item}} == 2"),
                "break": node("BreakNode"),
                "say": _log("{{item}}"),
                "finally": node("FinallyNode"),
                "clean": _log("clean {{item}}"),
                "end": node("ForLoopEndNode"),
                "after": _log("after"),
            },
            chain("each.body", "try.try_body", "if.true", "break"),
            chain("if.false", "say"),
            chain("finally.finally_body", "clean"),
            chain("try", "end"),
            chain("each.completed", "after"),
        ),
        log=("1", "clean 1", "clean 2", "after"),
    ),
    Case(
        name="a catch that goes on with the next item",
        document=document(
            {
                "each": _each([1, 2, 3]),
                "try": node("TryNode"),
                "check": node("AssertNode", condition="{{item}} != 2"),
                "catch": node("CatchNode"),
                "next": node("ContinueNode"),
                "say": _log("{{item}}"),
                "end": node("ForLoopEndNode"),
                "after": _log("after"),
            },
            chain("each.body", "try.try_body", "check"),
            chain("catch.catch_body", "next"),
            chain("try", "say", "end"),
            chain("each.completed", "after"),
        ),
        log=("1", "3", "after"),
    ),
    Case(
        name="a retry in a try in a loop",
        document=document(
            {
                "each": _each([1, 2]),
                "try": node("TryNode"),
                "retry": node("RetryNode", max_attempts="2", initial_delay="0"),
                "check": node("AssertNode", condition="{{item}} == 2"),
                "good": _log("{{item}} after {{retry.attempt}}"),
                "bad": node("ThrowErrorNode", error_message="gave up on {{item}}"),
                "catch": node("CatchNode"),
                "caught": _log("{{catch.error_message}}"),
                "end": node("ForLoopEndNode"),
                "after": _log("after"),
            },
            chain("each.body", "try.try_body", "retry.retry_body", "check"),
            chain("retry.success", "good"),
            chain("retry.failed", "bad"),
            chain("catch.catch_body", "caught"),
            chain("try", "end"),
            chain("each.completed", "after"),
        ),
        log=("gave up on 1", "2 after 1", "after"),
    ),
    Case(
        name="a catch that fails is caught by the try around it",
        document=document(
            {
                "outer": node("TryNode"),
                "inner": node("TryNode"),
                "fail": node("ThrowErrorNode", error_message="first"),
                "catch_in": node("CatchNode", paired_try_id="inner"),
                "again": node("ThrowErrorNode", error_message="then {{catch_in.error_message}}"),
                "catch_out": node("CatchNode", paired_try_id="outer"),
                "say": _log("{{catch_out.error_message}}"),
            },
            chain("outer.try_body", "inner.try_body", "fail"),
            chain("catch_in.catch_body", "again"),
            chain("catch_out.catch_body", "say"),
        ),
        log=("then first",),
    ),
    Case(
        name="an error that is reported for each item, with a last step each time",
        document=document(
            {
                "each": _each([1, 0]),
                "guard": node("OnErrorNode"),
                "divide": node("MathOperationNode", operation="divide", a=1, b="{{item}}"),
                "good": _log("good {{divide.result}}"),
                "bad": _log("bad {{guard.error_node}}"),
                "last": _log("last"),
                "end": node("ForLoopEndNode"),
            },
            chain("each.body", "guard.protected_body", "divide", "good"),
            chain("guard.on_error", "bad"),
            chain("guard.finally", "last", "end"),
        ),
        log=("good 1", "last", "bad divide", "last"),
    ),
]
_AFTER = [
    Case(
        name="what is wired behind a retry and an on-error by their own exit comes after the body",
        document=document(
            {
                "retry": node("RetryNode", initial_delay=0),
                "body": _log("body"),
                "guard": node("OnErrorNode"),
                "fail": node("ThrowErrorNode"),
                "handle": _log("handled"),
                "after": _log("after"),
            },
            chain("retry.retry_body", "body"),
            chain("retry", "guard.protected_body", "fail"),
            chain("guard.on_error", "handle"),
            chain("guard", "after"),
        ),
        log=("body", "handled", "after"),
    ),
]
_ERROR_NAMES = [
    Case(
        name=f"a catch for {types}",
        document=_caught(types, node_type, **config),
        log=("caught",),
    )
    for types, node_type, config in (
        ("FileNotFoundError", "ReadFileNode", {"file_path": "none.txt"}),
        ("file_not_found", "ReadFileNode", {"file_path": "none.txt"}),
        ("OSError", "ReadFileNode", {"file_path": "none.txt"}),
        ("KeyError, JSONDecodeError", "JsonParseNode", {"json_string": "{"}),
        ("ZeroDivisionError", "MathOperationNode", {"a": 1, "b": 0, "operation": "divide"}),
        ("ValueError", "TransformNode", {"value": "x", "transform_type": "to_integer"}),
        ("AssertionError", "AssertNode", {"condition": "1 > 2"}),
        ("*", "ThrowErrorNode", {}),
    )
]
_LOOPS = [
    Case(
        name="a while loop in a for loop begins afresh for each item",
        document=document(
            {
                "each": _each([1, 2], item_var="n"),
                "zero": node("SetVariableNode", variable_name="i", value=0),
                "while": node("WhileLoopStartNode", condition="i < n"),
                "say": _log("{{n}}.{{i}}"),
                "count": node("IncrementVariableNode", variable_name="i"),
                "again": node("WhileLoopEndNode", paired_start_id="while"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "after": _log("after"),
            },
            chain("each.body", "zero", "while.body", "say", "count", "again"),
            chain("while.completed", "end"),
            chain("each.completed", "after"),
        ),
        log=("1.0", "2.0", "2.1", "after"),
    ),
    Case(
        name="the inner loop leaves the outer one by its id",
        document=document(
            {
                "rows": _each([1, 2], item_var="a"),
                "cols": _each([1, 2, 3], item_var="b"),
                "if": node("IfNode", condition="{{b}} == 2"),
                "break": node("BreakNode", paired_loop_start_id="rows"),
                "say": _log("{{a}}{{b}}"),
                "cols_end": node("ForLoopEndNode", paired_start_id="cols"),
                "rows_end": node("ForLoopEndNode", paired_start_id="rows"),
                "after": _log("after"),
            },
            chain("rows.body", "cols.body", "if.true", "break"),
            chain("if.false", "say", "cols_end"),
            chain("cols.completed", "rows_end"),
            chain("rows.completed", "after"),
        ),
        log=("11", "after"),
    ),
    Case(
        name="a switch in a while loop that one case leaves",
        document=document(
            {
                "zero": node("SetVariableNode", variable_name="n", value=0),
                "while": node("WhileLoopStartNode", condition="True", max_iterations="10"),
                "count": node("IncrementVariableNode", variable_name="n"),
                "switch": node("SwitchNode", value="{{n}}", cases=["1", "3"]),
                "one": _log("one"),
                "break": node("BreakNode"),
                "other": _log("other {{n}}"),
                "end": node("WhileLoopEndNode"),
                "after": _log("after {{n}}"),
            },
            chain("zero", "while.body", "count", "switch.case_1", "one", "end"),
            chain("switch.case_3", "break"),
            chain("switch.default", "other", "end"),
            chain("while.completed", "after"),
        ),
        log=("one", "other 2", "after 3"),
    ),
    Case(
        name="a loop in a branch of a fork, and one over what was done in parallel",
        document=document(
            {
                "fork": node("ForkNode"),
                "each": _each([1, 2]),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "set": node("SetVariableNode", variable_name="b", value=7),
                "join": node("JoinNode", merge_strategy="All"),
                "square": node("ParallelForEachNode", items="[1, 2]", batch_size="2"),
                "times": node(
                    "MathOperationNode",
                    operation="multiply",
                    a="{{item}}",
                    b="{{square.current_item}}",
                    output_var="square",
                ),
                "show": _each("{{square.results}}"),
                "say": _log("{{branch_1_item}} {{branch_2_b}} {{item.square}}"),
                "shown": node("ForLoopEndNode"),
            },
            chain("fork.branch_1", "each.body", "end"),
            chain("each.completed", "join"),
            chain("fork.branch_2", "set", "join", "square.body", "times"),
            chain("square.completed", "show.body", "say", "shown"),
        ),
        log=("2 7 1", "2 7 4"),
    ),
]
CASES = [*_PROTECTED, *_AFTER, *_ERROR_NAMES, *_LOOPS]
