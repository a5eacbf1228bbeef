"""Files, tables, called workflows and the machine."""

from __future__ import annotations

import json

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_set = "SetVariableNode"
_child = json.dumps(
    document(
        {
            "double": node(
                "MathOperationNode", a="{{n}}", b=2, operation="multiply", output_var="doubled"
            ),
        },
        variables={"n": 0},
    )
)

CASES = [
    Case(
        name="write, append and read a text file",
        document=document(
            {
                "write": node("WriteFileNode", file_path="out/notes.txt", content="one\n"),
                "more": node(
                    "WriteFileNode", file_path="out/notes.txt", content="two\n", append_mode=True
                ),
                "read": node("ReadFileNode", file_path="{{write.file_path}}"),
                "lines": node("TextLinesNode", text="{{read.content}}", remove_empty=True),
                "say": node(_log, message="{{lines.count}} lines, {{read.size}} bytes"),
            },
            chain("write", "more", "read", "lines", "say"),
        ),
        log=("2 lines, 8 bytes",),
        left={"out/notes.txt": "one\ntwo\n"},
    ),
    Case(
        name="is the file there, then copy and delete it",
        document=document(
            {
                "exists": node("FileSystemSuperNode", action="File Exists", path="a.txt"),
                "if": node("IfNode", condition="{{exists.exists}}"),
                "copy": node(
                    "FileSystemSuperNode",
                    action="Copy File",
                    source_path="a.txt",
                    dest_path="b.txt",
                ),
                "delete": node("FileSystemSuperNode", action="Delete File", file_path="a.txt"),
                "again": node("FileSystemSuperNode", action="File Exists", file_path="a.txt"),
                "say": node(_log, message="there before, now {{again.exists}}"),
                "none": node(_log, message="not there"),
            },
            chain("exists", "if.true", "copy", "delete", "again", "say"),
            chain("if.false", "none"),
        ),
        log=("there before, now False",),
        files={"a.txt": "x"},
        left={"a.txt": None, "b.txt": "x"},
    ),
    Case(
        name="list the files of a folder and read each",
        document=document(
            {
                "list": node("ListFilesNode", directory="in", pattern="*.txt"),
                "each": node("ForLoopStartNode", items="{{list.files}}", item_var="file"),
                "read": node("ReadFileNode", file_path="{{file}}"),
                "say": node(_log, message="{{read.content}}"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "count": node(_log, message="{{list.count}} files"),
            },
            chain("list", "each.body", "read", "say", "end"),
            chain("each.completed", "count"),
        ),
        files={"in/a.txt": "A", "in/b.txt": "B", "in/c.csv": "C"},
        log=("A", "B", "2 files"),
    ),
    Case(
        name="write a table, read it back and add up a column",
        document=document(
            {
                "rows": node(
                    _set,
                    variable_name="rows",
                    value=[{"name": "tea", "price": 2}, {"name": "bun", "price": 3}],
                ),
                "write": node("WriteCSVNode", file_path="t.csv", data="{{rows}}"),
                "read": node("ReadCSVNode", file_path="t.csv"),
                "init": node(_set, variable_name="sum", value=0),
                "each": node("ForLoopStartNode", items="{{read.data}}", item_var="row"),
                "add": node("MathOperationNode", a="{{sum}}", b="{{row.price}}", output_var="sum"),
                "end": node("ForLoopEndNode", paired_start_id="each"),
                "say": node(
                    _log, message="{{read.row_count}} rows, {{read.data[0].name}}, sum {{sum}}"
                ),
            },
            chain("rows", "write", "read", "init", "each.body", "add", "end"),
            chain("each.completed", "say"),
        ),
        variables={"sum": 5},
        log=("2 rows, tea, sum 5",),
    ),
    Case(
        name="tables and JSON by the node of many actions",
        document=document(
            {
                "csv": node("StructuredDataSuperNode", action="Read CSV", file_path="in.csv"),
                "json": node(
                    "StructuredDataSuperNode",
                    action="Write JSON",
                    file_path="out.json",
                    data="{{csv.data}}",
                ),
                "back": node("StructuredDataSuperNode", action="Read JSON", file_path="out.json"),
                "say": node(_log, message="{{back.data[1].b}}"),
            },
            chain("csv", "json", "back", "say"),
        ),
        files={"in.csv": "a,b\n1,2\n3,4\n"},
        log=("4",),
    ),
    Case(
        name="write a map as JSON",
        document=document(
            {
                "map": node("CreateDictNode", key_1="n", value_1=1),
                "write": node("WriteJSONFileNode", file_path="m.json", data="{{map.dict}}"),
                "text": node("ReadFileNode", file_path="m.json"),
                "parse": node("JsonParseNode", json_string="{{text.content}}"),
                "say": node(_log, message="n is {{parse.data.n}}"),
            },
            chain("map", "write", "text", "parse", "say"),
        ),
        log=("n is 1",),
        left={"m.json": '{\n  "n": 1\n}'},
    ),
    Case(
        name="call a workflow by its path",
        document=document(
            {
                "call": node(
                    "CallSubworkflowNode", subworkflow_path="child.json", inputs={"n": 21}
                ),
                "say": node(_log, message="{{call.doubled}} {{call.success}}"),
                "run": node("ExecuteWorkflowNode", workflow_path="child.json", n=4),
                "more": node(_log, message="{{run.doubled}}"),
            },
            chain("call", "say", "run", "more"),
        ),
        files={"child.json": _child},
        log=("42 True", "8"),
    ),
    Case(
        name="a command and the environment",
        document=document(
            {
                "put": node("EnvironmentVariableNode", action="set", name="COLOUR", value="blue"),
                "get": node("EnvironmentVariableNode", name="COLOUR"),
                "echo": node("RunCommandNode", command="echo", args="hello"),
                "ok": node("IfNode", condition="{{echo.return_code}} == 0 and {{echo.success}}"),
                "say": node(_log, message="{{get.result_value}} {{echo.stdout}}"),
            },
            chain("put", "get", "echo", "ok.true", "say"),
        ),
        log=("blue hello\n",),
    ),
    Case(
        name="JSON of an answer, and headers",
        document=document(
            {
                "pick": node(
                    "ParseJsonResponseNode",
                    response='{"data": {"items": [{"id": 5}]}}',
                    path="data.items[0].id",
                ),
                "headers": node(
                    "SetHttpHeadersNode",
                    headers={"Accept": "text/plain"},
                    header_name="X-Id",
                    header_value="{{pick.data}}",
                ),
            },
            chain("pick", "headers"),
        ),
        outputs={"pick.value": 5, "headers.headers": {"Accept": "text/plain", "X-Id": "5"}},
    ),
]
