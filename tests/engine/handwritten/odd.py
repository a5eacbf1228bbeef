"""What people write beside the rules, and mean all the same."""

from __future__ import annotations

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_set = "SetVariableNode"

CASES = [
    Case(
        name="numbers of a table are compared as numbers",
        document=document(
            {
                "read": node("ReadCSVNode", file_path="p.csv"),
                "total": node(_set, variable_name="total", value=0),
                "each": node("ForLoopStartNode", items="{{read.data}}", item_var="row"),
                "large": node("IfNode", condition="{{row.price}} > 20"),
                "same": node("IfNode", condition="{{row.stock}} == 5"),
                "less": node("IfNode", condition="{{row.stock}} < {{row.price}}"),
                "say": node(_log, message="{{row.name}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "sum": node("EvaluateExpressionNode", expression="{{read.data[0].price}} * 2 + 1"),
                "done": node(_log, message="{{sum.result}}"),
            },
            chain("read", "total", "each.body", "large.true", "same.true", "less.true", "say"),
            chain("say", "end"),
            chain("large.false", "end"),
            chain("same.false", "end"),
            chain("less.false", "end"),
            chain("each.completed", "sum", "done"),
        ),
        files={"p.csv": "name,price,stock\ntea,9,5\npot,100,5\ncup,30,7\n"},
        log=("pot", "19"),
    ),
    Case(
        name="a flag that is text, and a boolean compared with its word",
        document=document(
            {
                "a": node(_set, variable_name="a", value="true"),
                "b": node(_set, variable_name="b", value=True),
                "one": node("IfNode", condition="{{a}} == true"),
                "two": node("IfNode", condition="{{b}} == 'true'"),
                "three": node("IfNode", condition="'{{b}}' == 'True'"),
                "four": node("IfNode", condition="{{a}}"),
                "five": node("IfNode", condition="not {{b}}"),
                "say": node(_log, message="as meant"),
            },
            chain("a", "b", "one.true", "two.true", "three.true", "four.true", "five.false"),
            chain("five.false", "say"),
        ),
        log=("as meant",),
    ),
    Case(
        name="a switch on a boolean",
        document=document(
            {
                "has": node("DictHasKeyNode", dict={"a": 1}, key="a"),
                "switch": node("SwitchNode", value="{{has.has_key}}", cases=["true", "false"]),
                "yes": node(_log, message="yes"),
                "no": node(_log, message="no"),
            },
            chain("has", "switch.case_0", "yes"),
            chain("switch.case_1", "no"),
        ),
        log=("yes",),
    ),
    Case(
        name="a loop over a variable that is named without braces",
        document=document(
            {
                "set": node(_set, variable_name="names", value=["Ada", "Bob"]),
                "each": node("ForLoopStartNode", items="names"),
                "say": node(_log, message="{item}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
            },
            chain("set", "each.body", "say", "end"),
        ),
        log=("Ada", "Bob"),
    ),
    Case(
        name="waiting in all its spellings",
        document=document(
            {
                "a": node("WaitNode", duration_ms=5),
                "b": node("WaitNode", seconds=0.005),
                "c": node("WaitNode", wait_type="time", timeout=5),
                "d": node("BrowserWaitNode", duration="0.005"),
                "say": node(_log, message="waited"),
            },
            chain("a", "b", "c", "d", "say"),
        ),
        log=("waited",),
    ),
    Case(
        name="folders: make, list, move, size",
        document=document(
            {
                "make": node(
                    "FileSystemSuperNode", action="Create Directory", directory_path="d/e"
                ),
                "write": node(
                    "FileSystemSuperNode", action="Write File", file_path="d/e/a.txt", content="abc"
                ),
                "append": node(
                    "FileSystemSuperNode", action="Append File", file_path="d/e/a.txt", content="d"
                ),
                "move": node(
                    "FileSystemSuperNode",
                    action="Move File",
                    source_path="d/e/a.txt",
                    dest_path="d/b.txt",
                ),
                "size": node("FileSystemSuperNode", action="Get File Size", file_path="d/b.txt"),
                "info": node("FileSystemSuperNode", action="Get File Info", file_path="d/b.txt"),
                "list": node("FileSystemSuperNode", action="List Files", directory_path="d"),
                "dir": node("FileSystemSuperNode", action="List Directory", dir_path="d"),
                "say": node(_log, message="{{size.size}} {{list.count}} {{dir.count}}"),
            },
            chain("make", "write", "append", "move", "size", "info", "list", "dir", "say"),
        ),
        log=("4 1 2",),
        left={"d/b.txt": "abcd", "d/e/a.txt": None},
    ),
    Case(
        name="a try inside a loop goes on with the next item",
        document=document(
            {
                "each": node("ForLoopStartNode", items=[4, 0, 2]),
                "try": node("TryNode"),
                "div": node("MathOperationNode", a=8, b="{{item}}", operation="divide"),
                "say": node(_log, message="8/{{item}} = {{div.result}}"),
                "catch": node("CatchNode", paired_try_id="try"),
                "sorry": node(_log, message="cannot divide by {{item}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "after": node(_log, message="done"),
            },
            chain("each.body", "try.try_body", "div", "say"),
            chain("catch.catch_body", "sorry"),
            chain("try.exec_out", "end"),
            chain("each.completed", "after"),
        ),
        log=("8/4 = 2", "cannot divide by 0", "8/2 = 4", "done"),
    ),
    Case(
        name="a try in one line inside a loop",
        document=document(
            {
                "each": node("ForLoopStartNode", items=["1", "x"]),
                "try": node("TryNode"),
                "parse": node("JsonParseNode", json_string="{{item}}"),
                "say": node(_log, message="{{parse.data}}"),
                "catch": node("CatchNode"),
                "sorry": node(_log, message="no JSON: {{item}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "after": node(_log, message="done"),
            },
            chain("each.body", "try", "parse", "say", "end"),
            chain("catch.catch_body", "sorry", "end"),
            chain("each.completed", "after"),
        ),
        log=("1", "no JSON: x", "done"),
    ),
    Case(
        name="a try that leads on to catch and finally by its own exit",
        document=document(
            {
                "try": node("TryNode"),
                "fail": node("ThrowErrorNode", error_message="no"),
                "catch": node("CatchNode", paired_try_id="try"),
                "caught": node(_log, message="caught"),
                "finally": node("FinallyNode", paired_try_id="try"),
                "clean": node(_log, message="clean"),
                "after": node(_log, message="after"),
            },
            chain("try.try_body", "fail"),
            chain("try.exec_out", "catch", "finally", "after"),
            chain("catch.catch_body", "caught"),
            chain("finally.finally_body", "clean"),
        ),
        log=("caught", "clean", "after"),
    ),
    Case(
        name="a failure that no catch wants passes the end of the line",
        document=document(
            {
                "try": node("TryNode"),
                "fail": node("ThrowErrorNode", error_message="no"),
                "finally": node("FinallyNode"),
                "clean": node(_log, message="clean, error: {{finally.had_error}}"),
            },
            chain("try", "fail", "finally", "clean"),
        ),
        log=("clean, error: True",),
        error=("node fail (ThrowErrorNode)", "no"),
    ),
    Case(
        name="a catch for other errors lets this one go",
        document=document(
            {
                "try": node("TryNode"),
                "read": node("ReadFileNode", file_path="none.txt"),
                "catch": node("CatchNode", paired_try_id="try", error_types="TIMEOUT, ValueError"),
                "caught": node(_log, message="caught"),
            },
            chain("try.try_body", "read"),
            chain("catch.catch_body", "caught"),
        ),
        log=(),
        error=("FILE_NOT_FOUND", "node read (ReadFileNode)", "none.txt"),
    ),
    Case(
        name="deep paths, indexes and lengths",
        document=document(
            {
                "say": node(
                    _log,
                    message=(
                        "{{order.rows[0].name}} {{order.rows.1.name}} {{order.rows|length}}"
                        " {{order.rows[0].tags[1]}} {{order['id']}}"
                    ),
                ),
                "pick": node(_set, variable_name="first", value="{{order.rows[0]}}"),
            },
            chain("say", "pick"),
            variables={
                "order": {
                    "id": 1,
                    "rows": [{"name": "a", "tags": ["x", "y"]}, {"name": "b"}],
                }
            },
        ),
        variables={"first": {"name": "a", "tags": ["x", "y"]}},
        log=("a b 2 y {{order['id']}}",),
    ),
    Case(
        name="a while with a flag and a break",
        document=document(
            {
                "go": node(_set, variable_name="go", value=True),
                "n": node(_set, variable_name="n", value=0),
                "while": node("WhileLoopStartNode", condition="{{go}}", max_iterations=10),
                "inc": node("IncrementVariableNode", variable_name="n"),
                "if": node("IfNode", condition="{{n}} == 4"),
                "break": node("BreakNode"),
                "end": node("WhileLoopEndNode"),
                "say": node(_log, message="n={{n}}"),
            },
            chain("go", "n", "while.body", "inc", "if.true", "break"),
            chain("if.false", "end"),
            chain("while.completed", "say"),
        ),
        log=("n=4",),
    ),
    Case(
        name="the largest number by comparison in a loop",
        document=document(
            {
                "max": node(_set, variable_name="max", value="0", variable_type="Int32"),
                "each": node("ForLoopStartNode", items="[5, 12, 7]", item_var="n"),
                "cmp": node("ComparisonNode", a="{{n}}", b="{{max}}", operator=">"),
                "if": node("IfNode", condition="{{cmp.result}}"),
                "set": node(_set, variable_name="max", value="{{n}}"),
                "end": node("ForLoopEndNode"),
                "say": node(_log, message="max {{max}}"),
            },
            chain("max", "each.body", "cmp", "if.true", "set", "end"),
            chain("if.false", "end"),
            chain("each.completed", "say"),
        ),
        log=("max 12",),
    ),
    Case(
        name="a map that grows in a loop",
        document=document(
            {
                "counts": node(_set, variable_name="counts", value={}),
                "split": node("TextSplitNode", text="a b a c a", separator=" "),
                "each": node("ForLoopStartNode", items="{{split.result}}", item_var="w"),
                "get": node("DictGetNode", dict="{{counts}}", key="{{w}}", default=0),
                "inc": node("MathOperationNode", a="{{get.value}}", b=1),
                "put": node("DictSetNode", dict="{{counts}}", key="{{w}}", value="{{inc.result}}"),
                "keep": node(_set, variable_name="counts", value="{{put.dict}}"),
                "end": node("ForLoopEndNode"),
            },
            chain("counts", "split", "each.body", "get", "inc", "put", "keep", "end"),
        ),
        variables={"counts": {"a": 3, "b": 1, "c": 1}},
    ),
    Case(
        name="no connections key for parts, null configs and unknown keys",
        document={
            "metadata": {"name": "odd", "tags": None},
            "nodes": {
                "a": {"node_id": "a", "node_type": "MergeNode", "config": None, "position": None},
                "b": {
                    "node_id": "b",
                    "node_type": _log,
                    "config": {"message": "hi", "colour": "red", "include_timestamp": False},
                    "position": [0, 0],
                    "notes": "x",
                },
            },
            "connections": [
                {
                    "id": "c1",
                    "source_node": "a",
                    "source_port": "exec_out",
                    "target_node": "b",
                    "target_port": "exec_in",
                }
            ],
            "frames": [],
            "__validated__": True,
            "variables": None,
            "settings": None,
        },
        log=("hi",),
    ),
    Case(
        name="an expression of a list's items means them, whatever variables are called",
        document=document(
            {
                "loop": node("ForLoopStartNode", items=[100]),
                "end": node("ForLoopEndNode", paired_start_id="loop"),
                "a": node("ListFilterNode", list=[5, 25], condition="{{item}} > {{least}}"),
                "b": node("ListFilterNode", list=[5, 25], expression="item < 20"),
                "c": node("ListFilterNode", list=["a", "b"], condition="item != {{skip}}"),
                "d": node("ListFilterNode", list=[5, 25], condition="{{kind}}", value=6),
                "e": node("ListFilterNode", list=[5, 25], condition=">= 25"),
                "f": node("ListMapNode", list=[1, 2], transform="item * {{least}}"),
                "g": node("ListMapNode", list=["a"], transform="Uppercase"),
                "h": node("ListMapNode", list=[1], transform="{{how}}"),
                "i": node("ListMapNode", list=[1], transform="double"),
            },
            chain("loop.body", "end"),
            chain("loop.completed", "a", "b", "c", "d", "e", "f", "g", "h", "i"),
            variables={"least": "10", "skip": "a", "kind": "less_than", "how": "to_string"},
        ),
        outputs={
            "a.result": [25],
            "b.result": [5],
            "c.result": ["b"],
            "d.result": [5],
            "e.result": [25],
            "f.result": [10, 20],
            "g.result": ["A"],
            "h.result": ["1"],
            "i.result": [1],
        },
    ),
    Case(
        name="lists are filtered and mapped by expressions and symbols",
        document=document(
            {
                "list": node("CreateListNode", items=[5, 25, 40], item_1=10),
                "a": node("ListFilterNode", list="{{list.list}}", condition="item > 20"),
                "b": node("ListFilterNode", list="{{list.list}}", condition=">", value="20"),
                "c": node("ListFilterNode", items="{{list.list}}", condition="x => x < 20"),
                "d": node("ListFilterNode", items="{{list.list}}", condition="{{item}} == 5"),
                "e": node("ListFilterNode", items="{{list.list}}", condition="no_such_name"),
                "f": node("ListMapNode", items="{{list.list}}", expression="{{item}} * 2"),
                "g": node("ListMapNode", items=["a"], expression="item.upper()"),
                "h": node("ListMapNode", items=[1], expression="not an expression"),
                "i": node("ListReduceNode", list="{{list.list}}", operation="average"),
            },
            chain("list", "a", "b", "c", "d", "e", "f", "g", "h", "i"),
        ),
        outputs={
            "a.result": [25, 40],
            "b.result": [25, 40],
            "b.removed": [5, 10],
            "c.result": [5, 10],
            "d.result": [5],
            "e.result": [5, 25, 40, 10],
            "f.result": [10, 50, 80, 20],
            "g.result": ["A"],
            "h.result": ["1"],
            "i.result": 20,
        },
    ),
    Case(
        name="names of operations in other words, and a path as a key",
        document=document(
            {
                "a": node("MathOperationNode", a=2, b=3, operation="Addition"),
                "b": node("TransformNode", value="q", transform_type="to_upper"),
                "c": node("DictGetNode", dict={"user": {"mails": ["m"]}}, key="user.mails[0]"),
                "d": node("DictGetNode", dict={"a.b": 1, "a": {"b": 2}}, key="a.b"),
                "e": node(
                    "RunPythonScriptNode",
                    code="result = variables['n'] + n",
                    variables={"n": 2},
                ),
                "say": node(_log, message="done", level="INFO"),
            },
            chain("a", "b", "c", "d", "e", "say"),
        ),
        outputs={
            "a.result": 5,
            "b.result": "Q",
            "c.value": "m",
            "d.value": 1,
            "e.result": 4,
        },
        log=("done",),
    ),
    Case(
        name="a chain through every control node by exec_out alone",
        document=document(
            {
                "each": node("ForLoopStartNode", items=["a", "b"]),
                "one": node(_log, message="{{item}}"),
                "each_end": node("ForLoopEndNode"),
                "n": node(_set, variable_name="n", value=0),
                "while": node("WhileLoopStartNode", condition="{{n}} < 2"),
                "inc": node("IncrementVariableNode", variable_name="n"),
                "while_end": node("WhileLoopEndNode"),
                "switch": node("SwitchNode", value="z", cases=["a"]),
                "check": node("ValidateNode", value="x"),
                "guard": node("OnErrorNode"),
                "retry": node("RetryNode", initial_delay=0),
                "tries": node("IncrementVariableNode", variable_name="tries"),
                "assert": node("AssertNode", condition="{{tries}} > 1"),
                "done": node(_log, message="n={{n}} tries={{tries}}"),
            },
            chain("each", "one", "each_end", "n", "while", "inc", "while_end", "switch", "check"),
            chain("check", "guard", "retry", "tries", "assert", "done"),
        ),
        log=("a", "b", "n=2 tries=2"),
    ),
    Case(
        name="a loop that is left by exec_out",
        document=document(
            {
                "each": node("ForLoopStartNode", items=[1, 2]),
                "say": node(_log, message="{{item}}"),
                "after": node(_log, message="after"),
            },
            chain("each.loop", "say"),
            chain("each.exec_out", "after"),
        ),
        log=("1", "2", "after"),
    ),
]
