"""Spellings of documents, of placeholders and of variables; what fails, and how it says so."""

from __future__ import annotations

from typing import Any

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_log = "LogNode"
_set = "SetVariableNode"


def _with(connections: list[dict[str, Any]]) -> dict[str, Any]:
    nodes = {"first": node(_set, variable_name="x", value=1), "second": node(_log, message="{{x}}")}
    return {**document(nodes), "connections": connections}


CASES = [
    Case(
        name="connections of templates",
        document=_with(
            [
                {"from_node": "first", "from_port": "out", "to_node": "second", "to_port": "in"},
            ]
        ),
        log=("1",),
    ),
    Case(
        name="connections of the editor",
        document=_with([{"out": ["first", "exec_out"], "in": ["second", "exec_in"]}]),
        log=("1",),
    ),
    Case(
        name="connections with dots",
        document=_with([{"source": "first.exec_out", "target": "second.exec_in"}]),
        log=("1",),
    ),
    Case(
        name="a list of nodes with id and type",
        document={
            "metadata": {"name": "list"},
            "nodes": [
                {"id": "b", "type": _log, "position": {"x": 1, "y": 2}, "config": {"message": "b"}},
                {"id": "a", "type": _set, "config": {"variable_name": "v", "value": [1]}},
            ],
            "connections": [{"source": "a.out", "target": "b.in"}],
        },
        variables={"v": [1]},
        log=("b",),
    ),
    Case(
        name="a file saved by the editor",
        document={
            "graph": {"layout_direction": 0},
            "nodes": {
                "0x1": {
                    "type_": "casare_rpa.variable.VisualSetVariableNode",
                    "name": "Set",
                    "pos": [0, 0],
                    "custom": {"node_id": "set_1", "variable_name": "x", "value": "5"},
                },
                "0x2": {
                    "type_": "casare_rpa.utility.VisualLogNode",
                    "name": "Log",
                    "custom": {"node_id": "log_1", "message": "{{set_1.value}} {{x}}"},
                },
            },
            "connections": [{"out": ["0x1", "exec_out"], "in": ["0x2", "exec_in"]}],
        },
        log=("5 5",),
    ),
    Case(
        name="a template with its defaults",
        document={
            "$schema_version": "2.0.0",
            "id": "tpl_greet",
            "name": "Greet",
            "category": "basic",
            "default_variables": [
                {"name": "who", "data_type": "String", "default_value": "World"},
                {"name": "times", "data_type": "Integer", "default_value": "2"},
            ],
            "default_settings": {"stop_on_error": True, "timeout_seconds": 60},
            "base_workflow": {
                "nodes": [
                    {"node_id": "start", "node_type": "StartNode", "position": [0, 0]},
                    {
                        "node_id": "greet",
                        "node_type": _log,
                        "position": [1, 0],
                        "config": {"message": "Hello {{who}}, {{times}} times"},
                        "display_name": "Greet",
                    },
                    {"node_id": "end", "node_type": "EndNode", "position": [2, 0], "config": {}},
                ],
                "connections": [
                    {"from_node": "start", "from_port": "out", "to_node": "greet", "to_port": "in"},
                    {"from_node": "greet", "from_port": "out", "to_node": "end", "to_port": "in"},
                ],
            },
        },
        given={"times": "3"},
        variables={"who": "World", "times": 3},
        log=("Hello World, 3 times",),
    ),
    Case(
        name="a loop in a template, left by loop",
        document={
            "name": "Loop",
            "default_variables": [{"name": "names", "default_value": ["a", "b"]}],
            "base_workflow": {
                "nodes": [
                    {"node_id": "s", "node_type": "StartNode"},
                    {
                        "node_id": "l",
                        "node_type": "ForLoopStartNode",
                        "config": {"list_var": "names", "item_var": "name"},
                    },
                    {"node_id": "say", "node_type": _log, "config": {"message": "{{name}}"}},
                    {"node_id": "e", "node_type": "ForLoopEndNode", "config": {}},
                    {"node_id": "z", "node_type": _log, "config": {"message": "{{names|length}}"}},
                ],
                "connections": [
                    {"from_node": "s", "from_port": "out", "to_node": "l", "to_port": "in"},
                    {"from_node": "l", "from_port": "loop", "to_node": "say", "to_port": "in"},
                    {"from_node": "say", "from_port": "out", "to_node": "e", "to_port": "in"},
                    {"from_node": "l", "from_port": "completed", "to_node": "z", "to_port": "in"},
                ],
            },
        },
        log=("a", "b", "2"),
    ),
    Case(
        name="variables with definitions, some of them given",
        document=document(
            {"say": node(_log, message="{{count}} {{on}} {{tags}} {{plain}} {{nested.a[1]}}")},
            variables={
                "count": {"name": "count", "type": "Integer", "default_value": "4"},
                "on": {"name": "on", "type": "Boolean", "default_value": "true"},
                "tags": {"type": "List", "default_value": '["a"]'},
                "plain": "text",
                "nested": {"a": [1, 2]},
            },
        ),
        given={"plain": "given"},
        variables={"count": 4, "on": True, "tags": ["a"], "plain": "given"},
        log=("4 True ['a'] given 2",),
    ),
    Case(
        name="older spellings of placeholders",
        document=document(
            {
                "set": node(_set, variable_name="x", value={"name": "n", "list": [1, 2, 3]}),
                "say": node(
                    _log,
                    message="${x.name} %x.name% {{ x.list[2] }} {{x.list|length}} {{ x.list }}",
                ),
                "type": node(_set, variable_name="y", value="${x.list}"),
            },
            chain("set", "say", "type"),
        ),
        variables={"y": [1, 2, 3]},
        log=("n n 3 3 [1, 2, 3]",),
    ),
    Case(
        name="what is unknown stays as it is written",
        document=document(
            {
                "a-1": node(_set, variable_name="x", value=1),
                "say": node(_log, message="{{a-1.value}} {{a-1.nothing}} {{nobody}} {free}"),
            },
            chain("a-1", "say"),
        ),
        log=("1 {{a-1.nothing}} {{nobody}} {free}",),
    ),
    Case(
        name="nodes without connections each run, in their order",
        document=document(
            {
                "note": node("CommentNode", comment="says hello"),
                "a": node(_set, variable_name="x", value=1),
                "b": node(_log, message="x={{x}}"),
            },
        ),
        log=("x=1",),
    ),
    Case(
        name="connections in any order, with a comment in the chain",
        document=document(
            {
                "c": node(_log, message="three"),
                "note": node("CommentNode", comment="between"),
                "a": node(_log, message="one"),
                "b": node(_log, message="two"),
            },
            chain("b", "c"),
            chain("note", "b"),
            chain("a", "note"),
        ),
        log=("one", "two", "three"),
    ),
    Case(
        name="only what the start node leads to runs, and the end node ends it",
        document=document(
            {
                "alone": node(_log, message="never"),
                "start": node("StartNode"),
                "a": node(_log, message="one"),
                "end": node("EndNode"),
                "after": node(_log, message="never either"),
            },
            chain("start", "a", "end", "after"),
        ),
        log=("one",),
    ),
    Case(
        name="data over connections",
        document={
            **document(
                {
                    "a": node("MathOperationNode", a=2, b=3),
                    "b": node("MathOperationNode", a=0, b=10, operation="multiply"),
                    "say": node(_log, message="x"),
                },
                chain("a", "b", "say"),
                [
                    {
                        "source_node": "a",
                        "source_port": "result",
                        "target_node": "b",
                        "target_port": "a",
                    },
                    {
                        "source_node": "b",
                        "source_port": "result",
                        "target_node": "say",
                        "target_port": "data",
                    },
                ],
            ),
        },
        outputs={"b.result": 50},
        log=("x | Data: 50",),
    ),
    Case(
        name="a failure says which node and why",
        document=document(
            {
                "a": node("MathOperationNode", a=1, b=0, operation="divide"),
                "b": node(_log, message="never"),
            },
            chain("a", "b"),
        ),
        log=(),
        error=("VALUE_OUT_OF_RANGE", "node a (MathOperationNode)", "zero"),
    ),
    Case(
        name="a missing input says which",
        document=document({"read": node("ReadFileNode")}),
        error=("MISSING_REQUIRED_FIELD", "node read (ReadFileNode)", "file_path"),
    ),
    Case(
        name="a failure that may be",
        document=document(
            {
                "a": node("ReadFileNode", file_path="none.txt", continue_on_error=True),
                "b": node(_log, message="on"),
            },
            chain("a", "b"),
        ),
        error=None,
    ),
]
