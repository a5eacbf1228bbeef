"""Loops, branches and protected bodies."""

from __future__ import annotations

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_set = "SetVariableNode"

CASES = [
    Case(
        name="average of a list",
        document=document(
            {
                "numbers": node(_set, variable_name="numbers", value=[10, 20, 30, 40]),
                "init": node(_set, variable_name="sum", value=0),
                "each": node("ForLoopStartNode", items="{{numbers}}", item_var="n"),
                "add": node("MathOperationNode", a="{{sum}}", b="{{n}}", output_var="sum"),
                "next": node("ForLoopEndNode", paired_start_id="each"),
                "length": node("ListLengthNode", list="{{numbers}}"),
                "average": node(
                    "MathOperationNode", a="sum", b="{{length.length}}", operation="divide"
                ),
                "say": node(_log, message="Average: {{average.result}}", level="info"),
            },
            chain("numbers", "init", "each.body", "add", "next"),
            chain("each.completed", "length", "average", "say"),
        ),
        variables={"sum": 100},
        outputs={"average.result": 25, "length.length": 4},
        log=("Average: 25",),
    ),
    Case(
        name="filter even numbers into a new list",
        document=document(
            {
                "init": node(_set, variable_name="evens", value=[]),
                "each": node("ForLoopStartNode", items=[1, 2, 3, 4, 5, 6]),
                "is_even": node("IfNode", condition="{{item}} % 2 == 0"),
                "append": node("ListAppendNode", list="{{evens}}", item="{{item}}"),
                "store": node(_set, variable_name="evens", value="{{append.result}}"),
                "merge": node("MergeNode"),
                "end": node("ForLoopEndNode"),
                "done": node(_log, message="Evens: {{evens}}"),
            },
            chain("init", "each.body", "is_even.true", "append", "store", "merge", "end"),
            chain("is_even.false", "merge"),
            chain("each.completed", "done"),
        ),
        variables={"evens": [2, 4, 6]},
        log=("Evens: [2, 4, 6]",),
    ),
    Case(
        name="nested loops without paired ids, going on behind the end nodes",
        document=document(
            {
                "total": node(_set, variable_name="total", value=0),
                "rows": node("ForLoopStartNode", items="[1, 2, 3]", item_var="row"),
                "cols": node("ForLoopStartNode", items=[10, 20], item_var="col"),
                "product": node(
                    "MathOperationNode", a="{{row}}", b="{{col}}", operation="multiply"
                ),
                "sum": node(
                    "MathOperationNode",
                    a="{{total}}",
                    b="{{product.result}}",
                    output_var="total",
                ),
                "cols_end": node("ForLoopEndNode"),
                "row_done": node(_log, message="row {{row_index}}: {{total}}"),
                "rows_end": node("ForLoopEndNode"),
                "say": node(_log, message="total {{total}}"),
            },
            chain("total", "rows.body", "cols.body", "product", "sum", "cols_end", "row_done"),
            chain("row_done", "rows_end", "say"),
        ),
        variables={"total": 180},
        log=("row 0: 30", "row 1: 90", "row 2: 180", "total 180"),
    ),
    Case(
        name="a while loop that counts by IncrementVariable",
        document=document(
            {
                "init": node(_set, variable_name="i", value="0", variable_type="Int32"),
                "while": node("WhileLoopStartNode", expression="i < 3", max_iterations=50),
                "say": node(_log, message="pass {{while.current_iteration}} i={{i}}"),
                "count": node("IncrementVariableNode", variable_name="i"),
                "end": node("WhileLoopEndNode", paired_start_id="while"),
                "after": node(_log, message="done {i}"),
            },
            chain("init", "while.loop_body", "say", "count", "end"),
            chain("while.completed", "after"),
        ),
        variables={"i": 3},
        log=("pass 0 i=0", "pass 1 i=1", "pass 2 i=2", "done 3"),
    ),
    Case(
        name="a switch on a status with cases by position",
        document=document(
            {
                "each": node("ForLoopStartNode", items=["new", "paid", "lost", "odd"]),
                "switch": node("SwitchNode", value="{{item}}", cases=["new", "paid", "lost"]),
                "a": node(_log, message="is new"),
                "b": node(_log, message="is paid"),
                "c": node(_log, message="is lost"),
                "d": node(_log, message="is something else: {{item}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
            },
            chain("each.body", "switch.case_0", "a", "end"),
            chain("switch.case_1", "b", "end"),
            chain("switch.case_2", "c", "end"),
            chain("switch.default", "d", "end"),
        ),
        log=("is new", "is paid", "is lost", "is something else: odd"),
    ),
    Case(
        name="a switch on a number with cases by value, listed in text",
        document=document(
            {
                "code": node(_set, variable_name="code", value=404),
                "switch": node("SwitchNode", value="{{code}}", cases="200, 404, 500"),
                "ok": node(_log, message="fine"),
                "gone": node(_log, message="not found"),
            },
            chain("code", "switch.case_200", "ok"),
            chain("switch.case_404", "gone"),
        ),
        log=("not found",),
    ),
    Case(
        name="a switch by expression",
        document=document(
            {
                "set": node(_set, variable_name="n", value=7),
                "switch": node(
                    "SwitchNode", expression="'big' if n > 5 else 'small'", cases=["big", "small"]
                ),
                "big": node(_log, message="big"),
                "small": node(_log, message="small"),
            },
            chain("set", "switch.case_big", "big"),
            chain("switch.case_small", "small"),
        ),
        log=("big",),
    ),
    Case(
        name="try, catch and finally with ids",
        document=document(
            {
                "try": node("TryNode"),
                "risky": node("MathOperationNode", a=1, b=0, operation="divide"),
                "never": node(_log, message="never"),
                "catch": node("CatchNode", paired_try_id="try"),
                "caught": node(_log, message="caught {{catch.error_type}}"),
                "finally": node("FinallyNode", paired_try_id="try"),
                "clean": node(_log, message="cleaning, error: {{finally.had_error}}"),
                "after": node(_log, message="after"),
            },
            chain("try.try_body", "risky", "never"),
            chain("catch.catch_body", "caught"),
            chain("finally.finally_body", "clean"),
            chain("try.exec_out", "after"),
        ),
        log=("caught VALUE_OUT_OF_RANGE", "cleaning, error: True", "after"),
    ),
    Case(
        name="try, catch and finally in one line",
        document=document(
            {
                "try": node("TryNode"),
                "parse": node("JsonParseNode", json_string="{broken"),
                "never": node(_log, message="never"),
                "catch": node("CatchNode"),
                "caught": node(_log, message="caught"),
                "finally": node("FinallyNode"),
                "after": node(_log, message="after, error: {{finally.had_error}}"),
            },
            chain("try", "parse", "never", "catch", "caught", "finally", "after"),
        ),
        log=("caught", "after, error: True"),
    ),
    Case(
        name="try, catch and finally in one line, nothing fails",
        document=document(
            {
                "try": node("TryNode"),
                "parse": node("JsonParseNode", json_string='{"a": 1}'),
                "fine": node(_log, message="a is {{parse.data.a}}"),
                "catch": node("CatchNode"),
                "caught": node(_log, message="caught"),
                "finally": node("FinallyNode"),
                "after": node(_log, message="after, error: {{finally.had_error}}"),
            },
            chain("try", "parse", "fine", "catch", "caught", "finally", "after"),
        ),
        log=("a is 1", "after, error: False"),
    ),
    Case(
        name="a try body that leads to catch and finally",
        document=document(
            {
                "try": node("TryNode"),
                "fail": node("ThrowErrorNode", error_message="no stock"),
                "catch": node("CatchNode", paired_try_id="try"),
                "caught": node(_log, message="caught: {{catch.error_message}}"),
                "finally": node("FinallyNode", paired_try_id="try"),
                "clean": node(_log, message="clean"),
            },
            chain("try.try_body", "fail", "catch.catch_body", "caught", "finally"),
            chain("finally.finally_body", "clean"),
        ),
        log=("caught: no stock", "clean"),
    ),
    Case(
        name="retry until it works",
        document=document(
            {
                "init": node(_set, variable_name="tries", value=0),
                "retry": node("RetryNode", max_retries=5, initial_delay=0),
                "count": node("IncrementVariableNode", variable_name="tries"),
                "enough": node("IfNode", condition="{{tries}} >= 3"),
                "ok": node("RetrySuccessNode"),
                "not_yet": node("RetryFailNode", error_message="not yet"),
                "said": node(_log, message="worked at attempt {{tries}}"),
                "gave_up": node(_log, message="gave up"),
            },
            chain("init", "retry.retry_body", "count", "enough.true", "ok"),
            chain("enough.false", "not_yet"),
            chain("retry.success", "said"),
            chain("retry.failed", "gave_up"),
        ),
        variables={"tries": 3},
        log=("worked at attempt 3",),
    ),
    Case(
        name="retry that gives up",
        document=document(
            {
                "retry": node("RetryNode", max_attempts=2, initial_delay=0.001),
                "read": node("ReadFileNode", file_path="missing.txt"),
                "ok": node(_log, message="ok"),
                "gave_up": node(_log, message="gave up after {{retry.attempt}}"),
            },
            chain("retry.retry_body", "read"),
            chain("retry.success", "ok"),
            chain("retry.failed", "gave_up"),
        ),
        log=("gave up after 2",),
    ),
    Case(
        name="break at the first match, continue over the odd ones",
        document=document(
            {
                "each": node("ForLoopStartNode", mode="range", start=1, end=20),
                "odd": node("IfNode", condition="{{each.current_item}} % 2 == 1"),
                "skip": node("ContinueNode"),
                "large": node("IfNode", condition="{{each.item}} > 6"),
                "stop": node("BreakNode", paired_loop_start_id="each"),
                "say": node(_log, message="even {{item}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "after": node(_log, message="stopped at {{item}}"),
            },
            chain("each.body", "odd.true", "skip"),
            chain("odd.false", "large.true", "stop"),
            chain("large.false", "say", "end"),
            chain("each.completed", "after"),
        ),
        log=("even 2", "even 4", "even 6", "stopped at 8"),
    ),
    Case(
        name="a loop over a map",
        document=document(
            {
                "prices": node("CreateDictNode", key_1="tea", value_1=2, key_2="bun", value_2=3),
                "each": node("ForLoopStartNode", items="{{prices.dict}}", item_var="price"),
                "say": node(_log, message="{{price_index}} {{price_key}} costs {{price}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
            },
            chain("prices", "each.body", "say", "end"),
        ),
        log=("0 tea costs 2", "1 bun costs 3"),
    ),
    Case(
        name="a loop over nothing completes at once",
        document=document(
            {
                "each": node("ForLoopStartNode", items=[]),
                "say": node(_log, message="never"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "after": node(_log, message="nothing to do"),
            },
            chain("each.body", "say", "end"),
            chain("each.completed", "after"),
        ),
        log=("nothing to do",),
    ),
    Case(
        name="branches that fan out and merge",
        document=document(
            {
                "start": node(_set, variable_name="x", value=1),
                "left": node(_log, message="left"),
                "right": node(_log, message="right"),
                "merge": node("MergeNode"),
                "after": node(_log, message="after"),
            },
            chain("start", "left", "merge", "after"),
            chain("start", "right", "merge"),
        ),
        log=("left", "right", "after"),
    ),
    Case(
        name="conditions on texts and flags",
        document=document(
            {
                "s": node(_set, variable_name="status", value="active"),
                "f": node(_set, variable_name="enabled", value=True),
                "bare": node("IfNode", condition="{{status}} == 'active'"),
                "quoted": node("IfNode", condition="'{{status}}' == 'active'"),
                "flag": node("IfNode", condition="{{enabled}}"),
                "both": node("IfNode", expression="status == 'active' and enabled"),
                "method": node("IfNode", condition="{{status}}.startswith('act')"),
                "within": node("IfNode", condition='{{status}} in ["active", "open"]'),
                "double": node("IfNode", condition='"{{status}}" == "active"'),
                "all": node(_log, message="all true"),
            },
            chain("s", "f", "bare.true", "quoted.true", "flag.true", "both.true", "method.true"),
            chain("method.true", "within.true", "double.true", "all"),
        ),
        log=("all true",),
    ),
    Case(
        name="validate leaves by valid and invalid",
        document=document(
            {
                "each": node("ForLoopStartNode", items=["ada@example.org", "nobody"]),
                "check": node("ValidateNode", value="{{item}}", validation_type="is_email"),
                "good": node(_log, message="{{item}} is fine"),
                "bad": node(_log, message="{{item}} is not: {{check.error_message}}"),
                "end": node("ForLoopEndNode"),
            },
            chain("each.body", "check.valid", "good", "end"),
            chain("check.invalid", "bad", "end"),
        ),
        log=("ada@example.org is fine", "nobody is not: Validation failed"),
    ),
    Case(
        name="on error goes to its handler and then to finally",
        document=document(
            {
                "guard": node("OnErrorNode"),
                "check": node("AssertNode", condition="{{guard}} == 5", message="not five"),
                "handle": node(_log, message="handled {{guard.error_node}}"),
                "last": node(_log, message="last"),
            },
            chain("guard.protected_body", "check"),
            chain("guard.on_error", "handle"),
            chain("guard.finally", "last"),
        ),
        log=("handled check", "last"),
    ),
    Case(
        name="a disabled node is passed over",
        document=document(
            {
                "set": node(_set, variable_name="x", value=1),
                "off": {**node(_set, variable_name="x", value=2, _disabled=True)},
                "say": node(_log, message="x is {{x}}"),
            },
            chain("set", "off", "say"),
        ),
        variables={"x": 1},
        log=("x is 1",),
    ),
    Case(
        name="a finally that is reached around its try",
        document=document(
            {
                "if": node("IfNode", condition="1 > 2"),
                "try": node("TryNode"),
                "never": node(_log, message="never"),
                "finally": node("FinallyNode", paired_try_id="try"),
                "clean": node(_log, message="clean"),
            },
            chain("if.true", "try.try_body", "never"),
            chain("if.false", "finally.finally_body", "clean"),
        ),
        log=("clean",),
    ),
]
