"""Documents as a visual designer exports them: numbers in texts, unused fields, own spellings."""

from __future__ import annotations

from typing import Any

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node


def _log(message: str) -> dict[str, Any]:
    return node("LogNode", message=message)


def _set(name: str, value: Any, **more: Any) -> dict[str, Any]:
    return node("SetVariableNode", variable_name=name, value=value, **more)


def _each(**config: Any) -> dict[str, dict[str, Any]]:
    """A loop that logs its items."""
    return {
        "ForLoopStartNode_1": node("ForLoopStartNode", **config),
        "LogNode_2": _log("{{item}}"),
        "ForLoopEndNode_3": node("ForLoopEndNode"),
    }


_EACH = chain("ForLoopStartNode_1.body", "LogNode_2", "ForLoopEndNode_3")


def _switch(x: Any, port: str, /, **config: Any) -> dict[str, Any]:
    """A switch of which only *port* says so."""
    nodes = {
        "set": _set("x", x),
        "switch": node("SwitchNode", **config),
        "hit": _log("hit"),
        "miss": _log("miss"),
    }
    return document(nodes, chain("set", f"switch.{port}", "hit"), chain("switch.default", "miss"))


def _fork(**more: Any) -> dict[str, Any]:
    return {"fork": node("ForkNode"), "a": _log("a"), "b": _log("b"), **more}


_LOOPS = [
    Case(
        name="a loop over a range with numbers in texts and its mode in capitals",
        document=document(_each(mode="Range", start="1", end="4", step="1"), _EACH),
        log=("1", "2", "3"),
    ),
    Case(
        name="a loop over a named variable beside an unused field for items",
        document=document(_each(items="", list_var="names"), _EACH),
        given={"names": ["Ada", "Bob"]},
        log=("Ada", "Bob"),
    ),
    Case(
        name="a loop whose variable stands in braces",
        document=document(_each(list_var="{{names}}"), _EACH),
        given={"names": ["Ada", "Bob"]},
        log=("Ada", "Bob"),
    ),
    Case(
        name="a loop over a list as Python writes it",
        document=document(_each(items="['a', 'b']"), _EACH),
        log=("a", "b"),
    ),
    Case(
        name="a loop over range(n)",
        document=document(_each(items="range(1, {{n}})"), _EACH),
        given={"n": 4},
        log=("1", "2", "3"),
    ),
    Case(
        name="a loop over something that is not there fails and names it",
        document=document(_each(items="{{read.rows}}"), _EACH),
        log=(),
        error=("MISSING_REQUIRED_FIELD", "items", "{{read.rows}}"),
    ),
    Case(
        name="ports of a loop and an if in older words",
        document=document(
            {
                "each": node("ForLoopStartNode", items=[1, 2]),
                "if": node("IfNode", condition="{{item}} > 1"),
                "large": _log("large"),
                "small": _log("small"),
                "after": _log("after"),
            },
            chain("each.exec_body", "if.then", "large"),
            chain("if.else", "small"),
            chain("each.done", "after"),
        ),
        log=("small", "large", "after"),
    ),
    Case(
        name="items in parallel, separated by commas",
        document=document(
            {
                "each": node("ParallelForEachNode", items="a, b", batch_size="1"),
                "say": _log("{{item}}"),
            },
            chain("each.body", "say"),
        ),
        log=("a", "b"),
    ),
]
_CHOICES = [
    Case(
        name="a condition beside its unused field",
        document=document(
            {
                "if": node("IfNode", condition="", expression="n == 0"),
                "while": node("WhileLoopStartNode", condition="", expression="{{n}} < 2"),
                "count": node("IncrementVariableNode", variable_name="n", increment=1.0),
                "end": node("WhileLoopEndNode"),
                "say": _log("{{n}}"),
            },
            chain("if.true", "while.body", "count", "end"),
            chain("while.completed", "say"),
        ),
        given={"n": 0},
        variables={"n": 2},
        log=("2",),
    ),
    Case(
        name="a switch beside its unused field",
        document=_switch(5, "case_5", value="", expression="{{x}}", cases="5,6"),
        log=("hit",),
    ),
    Case(
        name="a switch with its cases as JSON text",
        document=_switch("b", "case_b", value="{{x}}", cases='["a", "b"]'),
        log=("hit",),
    ),
    Case(
        name="a switch with its cases as JSON text, by place",
        document=_switch("b", "case_1", value="{{x}}", cases='["a", "b"]'),
        log=("hit",),
    ),
    Case(
        name="a switch whose ports alone name its cases",
        document=_switch("b", "case_b", value="{{x}}"),
        log=("hit",),
    ),
    Case(
        name="a switch whose ports alone name its cases, none of which it is",
        document=_switch("c", "case_b", value="{{x}}"),
        log=("miss",),
    ),
    Case(
        name="a switch on a whole number that was computed as a fraction",
        document=_switch(5.0, "case_5", value="{{x}}", cases=[5, 6]),
        log=("hit",),
    ),
    Case(
        name="actions, modes and types in other letters and joints",
        document=document(
            {
                "recover": node("ErrorRecoveryNode", strategy="Continue"),
                "fail": node("ThrowErrorNode"),
                "set": _set("n", "5", variable_type="integer"),
                "flag": _set("flag", "yes", variable_type="Bool"),
                "number": _set("number", "2.5", variable_type="Number"),
                "empty": _set("empty", "", variable_type="list"),
                "get": node("DictSuperNode", action="get_value", dict={"a": {"b": 1}}, key="a.b"),
                "make": node("DictSuperNode", action="createDict", key_1="k", value_1="{{n}}"),
                "list": node("ListSuperNode", action="create-list", item_1=1, item2=2),
                "starts": node("TextSuperNode", action="starts_with", text="abc", prefix="a"),
                "divide": node("MathOperationNode", operation="Floor Divide", a="7", b="2"),
                "round": node("MathOperationNode", operation="round", a=2.346, round_digits="2"),
                "case": node("TextCaseNode", text="abc", case="UpperCase"),
                "say": _log("{{get.value}} {{make.dict}} {{list.list}} {{starts.result}}"),
            },
            chain("recover", "fail", "set", "flag", "number", "empty", "get", "make"),
            chain("make", "list", "starts", "divide", "round", "case", "say"),
        ),
        variables={"n": 5, "flag": True, "number": 2.5, "empty": []},
        outputs={"divide.result": 3, "round.result": 2.35, "case.result": "ABC"},
        log=("1 {'k': 5} [1, 2] True",),
    ),
    Case(
        name="a failure that may be, in a word",
        document=document(
            {"fail": node("ThrowErrorNode", continue_on_error="yes"), "say": _log("on")},
            chain("fail", "say"),
        ),
        log=("on",),
    ),
]
_BRANCHES = [
    Case(
        name="what the branches of a fork give is fresh in every pass",
        document=document(
            {
                "each": node("ForLoopStartNode", items=[1, 2]),
                "fork": node("ForkNode", branch_count="2"),
                "tens": node("MathOperationNode", operation="multiply", a="{{item}}", b=10),
                "cents": node("MathOperationNode", operation="multiply", a="{{item}}", b=100),
                "join": node("JoinNode", merge_strategy="All"),
                "say": _log("{{tens.result}} {{cents.result}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
            },
            chain("each.body", "fork.branch_1", "tens", "join"),
            chain("fork.branch_2", "cents", "join", "say", "end"),
        ),
        log=("10 100", "20 200"),
    ),
    Case(
        name="branches that meet at a merge go on once",
        document=document(
            _fork(merge=node("MergeNode"), after=_log("after")),
            chain("fork.branch_1", "a", "merge"),
            chain("fork.branch_2", "b", "merge", "after"),
        ),
        log=("a", "b", "after"),
    ),
    Case(
        name="the one exit of a node under another name",
        document=document(
            {
                "set": _set("x", 1),
                "add": node("MathOperationNode", a="{{x}}", b="1"),
                "say": _log("{{add.result}}"),
            },
            chain("set.next", "add.success", "say"),
        ),
        log=("2",),
    ),
    Case(
        name="bodies of a try and a retry, and the outcome of a check, in other words",
        document=document(
            {
                "try": node("TryNode"),
                "retry": node("RetryNode", max_attempts="2", initial_delay="0"),
                "fail": node("ThrowErrorNode", error_message="no"),
                "check": node("ValidateNode", value="{{retry.last_error}}"),
                "good": _log("good"),
                "bad": _log("bad"),
                "after": _log("after"),
            },
            chain("try.body", "retry.body", "fail"),
            chain("retry.failure", "check.true", "good"),
            chain("check.false", "bad"),
            chain("try", "after"),
        ),
        log=("good", "after"),
    ),
    Case(
        name="what is most like a text leaves by its own exits, if they are wired",
        document=document(
            {
                "find": node(
                    "FuzzyStringMatchNode", search_string="aple", candidates='["apple", "pear"]'
                ),
                "hit": _log("{{find.matched_string}}"),
                "miss": _log("nothing"),
            },
            chain("find.match_found", "hit"),
            chain("find.no_match", "miss"),
        ),
        log=("apple",),
    ),
    Case(
        name="a node that is switched off beside its config",
        document=document(
            {"off": {**_log("off"), "disabled": True}, "say": _log("on")}, chain("off", "say")
        ),
        log=("on",),
    ),
    Case(
        name="branches that end, and what is wired behind their fork",
        document=document(
            _fork(after=_log("after")),
            chain("fork.branch_1", "a"),
            chain("fork.branch_2", "b"),
            chain("fork", "after"),
        ),
        log=("a", "b", "after"),
    ),
]
_DATA = [
    Case(
        name="rows of a table, filtered by a number in a text field",
        document=document(
            {
                "read": node("ReadCSVNode", file_path="p.csv", delimiter=";"),
                "large": node(
                    "ListFilterNode",
                    list="{{read.data}}",
                    key_path="price",
                    condition="Greater Than",
                    value="20",
                ),
                "sum": node("ListReduceNode", list="{{large.result}}", key_path="price"),
                "names": node(
                    "ListMapNode",
                    list="{{large.result}}",
                    transform="Get Property",
                    key_path="name",
                ),
                "text": node("ListJoinNode", list="{{names.result}}", separator="\\n"),
                "say": _log("{{sum.result}}: {{text.result}}"),
            },
            chain("read", "large", "sum", "names", "text", "say"),
        ),
        files={"p.csv": "name;price\ntea;9\npot;100\ncup;30\n"},
        log=("130: pot\ncup",),
    ),
    Case(
        name="a map in a text field is written as a map",
        document=document(
            {
                "write": node("WriteJSONFileNode", file_path="o.json", data='{"a": [1, {{n}}]}'),
                "read": node("ReadJSONFileNode", file_path="{{write.file_path}}"),
                "say": _log("{{read.data.a[1]}}"),
            },
            chain("write", "read", "say"),
        ),
        given={"n": 2},
        log=("2",),
    ),
    Case(
        name="an expression with a comprehension, a lambda and an f-string",
        document=document(
            {
                "double": node(
                    "EvaluateExpressionNode", expression="[x * 2 for x in {{l}} if x > 1]"
                ),
                "last": node("EvalExpressionNode", expression="sorted({{l}}, key=lambda x: -x)[0]"),
                "text": node("EvalExpressionNode", expression="f'{len(l)} of {sum(l):.1f}'"),
                "say": _log("{{double.result}} {{last.result}} {{text.result}}"),
            },
            chain("double", "last", "text", "say"),
        ),
        given={"l": [3, 1, 2]},
        log=("[6, 4] 3 3 of 6.0",),
    ),
]
CASES = [*_LOOPS, *_CHOICES, *_BRANCHES, *_DATA]
