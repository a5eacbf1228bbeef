"""Workflows and subflows that call others, in the spellings that files have for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.engine.handwritten.case import Case
from tests.support.runs import chain, document, node

_CHILD = json.dumps(
    document(
        {
            "say": node("LogNode", message="child {{name}}"),
            "out": node("SetVariableNode", variable_name="out", value="{{name}}!"),
        },
        chain("say", "out"),
        variables={"name": {"name": "name", "type": "String", "default_value": "nobody"}},
    )
)
_MATH = {"node_id": "m", "node_type": "MathOperationNode", "config": {"a": "{{a}}", "b": "{{b}}"}}
_TOTAL = {"name": "total", "internal_node_id": "m", "internal_port_name": "result"}
_SUM = {
    "id": "subflow_0123456789ab",
    "name": "sum",
    "inputs": [{"name": "a", "type": "INTEGER", "default_value": 1}, {"name": "b"}],
    "outputs": [_TOTAL],
    "connections": [],
}


def _called(node_type: str, **config: Any) -> dict[str, Any]:
    return document(
        {"call": node(node_type, **config), "say": node("LogNode", message="{{call.out}}")},
        chain("call", "say"),
    )


def _summed(nodes: Any, call: Any = None) -> Mapping[str, Any]:
    return {
        "document": document(
            {
                "call": call or node("SubflowNode", subflow_path="sum", b="{{x}}"),
                "say": node("LogNode", message="{{call.total}}"),
            },
            chain("call", "say"),
        ),
        "files": {"sum.json": json.dumps({**_SUM, "nodes": nodes})},
    }


CASES = [
    *(
        Case(
            name=f"a called workflow is given its inputs as {list(config)[-1]}",
            document=_called(node_type, **config),
            given={"who": "Ada"},
            files={"child.json": _CHILD},
            log=("child Ada", "Ada!"),
        )
        for node_type, config in (
            ("ExecuteWorkflowNode", {"workflow_path": "child.json", "inputs": {"name": "{{who}}"}}),
            ("ExecuteWorkflowNode", {"workflow_path": "child", "variables": {"name": "{{who}}"}}),
            (
                "CallSubworkflowNode",
                {"subworkflow_id": "child", "input_data": '{"name": "{{who}}"}'},
            ),
            (
                "CallSubworkflowNode",
                {"subworkflow_path": "child.json", "execution_mode": "ASYNC", "name": "{{who}}"},
            ),
        )
    ),
    Case(
        name="a subflow's output is the port of an inner node",
        given={"x": 5},
        log=("6",),
        **_summed({"m": _MATH}),
    ),
    Case(
        name="a subflow's output is the port of an inner node, in a list",
        given={"x": "5"},
        log=("6",),
        **_summed([_MATH]),
    ),
    *(
        Case(
            name=f"a subflow called by a {call['node_type']} has its defaults and outputs",
            given={"x": 5},
            log=("6",),
            **_summed([_MATH], call),
        )
        for call in (
            node("SubflowNode", subflow_id="sum", inputs={"b": "{{x}}"}),
            node("CallSubworkflowNode", subworkflow_path="sum.json", inputs={"b": "{{x}}"}),
            node("ExecuteWorkflowNode", workflow_path="sum.json", variables={"b": "{{x}}"}),
        )
    ),
    Case(
        name="inside a subflow an input node is read by a placeholder",
        given={"x": 5},
        log=("6",),
        **_summed(
            {
                "in_b": node("SubflowInputNode", port_name="b"),
                "m": node("MathOperationNode", a="{{a}}", b="{{in_b.value}}"),
            }
        ),
    ),
]
