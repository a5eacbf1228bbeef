"""Subflow files: workflows that declare inputs, outputs and parameters, filled for one call.

Their declarations are lists of objects (docs/guide/workflow-format.md): an input or output may name
a port of an inner node (`internal_node_id`, `internal_port_name`), a parameter names a property of
one (`internal_property_name`); `default_value` counts where the caller gives nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.domain.workflow import Connection, NodeSpec, Workflow
from casare_rpa.nodes.base import NodeError

_INPUT, _OUTPUT = "SubflowInputNode", "SubflowOutputNode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A workflow ready for a call: the same object as before if nothing in it had to change."""

    workflow: Workflow
    variables: Mapping[str, Any]
    #: The names of the declared outputs; none for a workflow that declares no outputs.
    outputs: tuple[str, ...]


def fill(workflow: Workflow, given: Mapping[str, Any]) -> Filled:
    """*workflow* with what a caller has *given*; no subflow is left as it is.

    Raises NodeError for a required input without a value.
    """
    parameters, ports = _declared(workflow, "parameters"), _declared(workflow, "inputs")
    inputs = {port["name"]: given.get(port["name"], port.get("default_value")) for port in ports}
    for port in ports:
        if port.get("required") and inputs[port["name"]] is None:
            raise NodeError(
                f"the subflow's input {port['name']!r} has no value",
                ErrorCode.MISSING_REQUIRED_FIELD,
            )
    settings = _settings_of_parameters(parameters, given) + _settings_of_inputs(
        workflow, ports, inputs
    )
    named = {entry["name"] for entry in parameters} - inputs.keys()
    variables = {name: value for name, value in given.items() if name not in named} | inputs
    return Filled(
        workflow=_with_settings(workflow, settings),
        variables={name: value for name, value in variables.items() if value is not None},
        outputs=tuple(entry["name"] for entry in _declared(workflow, "outputs")),
    )


def with_outputs(workflow: Workflow) -> Workflow:
    """Give each output that names an inner port a node of its own, which gathers its value."""
    sinks, connections = [], []
    for entry in _declared(workflow, "outputs"):
        port = entry.get("internal_port_name")
        source = workflow.node(str(entry.get("internal_node_id")))
        if not port or source is None or source.node_type == _OUTPUT:
            continue
        sink = f"output {entry['name']}"
        sinks.append(NodeSpec(node_id=sink, node_type=_OUTPUT, config={"port_name": entry["name"]}))
        connections.append(
            Connection(
                source_node=source.node_id,
                source_port=str(port),
                target_node=sink,
                target_port="value",
            )
        )
    if not sinks:
        return workflow
    return replace(
        workflow,
        nodes=(*workflow.nodes, *sinks),
        connections=(*workflow.connections, *connections),
    )


#: A node's id, one of its properties, the value.
_Setting = tuple[str, str, Any]


def _declared(workflow: Workflow, side: str) -> list[dict[str, Any]]:
    written = workflow.extra.get(side)
    entries = written if isinstance(written, list) else []
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("name")]


def _settings_of_parameters(
    parameters: list[dict[str, Any]], given: Mapping[str, Any]
) -> list[_Setting]:
    return [
        (
            str(entry.get("internal_node_id")),
            str(entry.get("internal_property_name") or ""),
            given.get(entry["name"], entry.get("default_value")),
        )
        for entry in parameters
    ]


def _settings_of_inputs(
    workflow: Workflow, ports: list[dict[str, Any]], inputs: Mapping[str, Any]
) -> list[_Setting]:
    """Those inputs that have no node of their own go to the port that they name."""
    found = []
    for port in ports:
        target = workflow.node(str(port.get("internal_node_id")))
        if target is not None and target.node_type != _INPUT:
            key = str(port.get("internal_port_name") or "")
            found.append((target.node_id, key, inputs[port["name"]]))
    return found


def _with_settings(workflow: Workflow, settings: list[_Setting]) -> Workflow:
    changed: dict[str, dict[str, Any]] = {}
    for node_id, key, value in settings:
        if key and value is not None and workflow.node(node_id) is not None:
            changed.setdefault(node_id, {})[key] = value
    if not changed:
        return workflow
    nodes = (
        replace(spec, config={**spec.config, **changed[spec.node_id]})
        if spec.node_id in changed
        else spec
        for spec in workflow.nodes
    )
    return replace(workflow, nodes=tuple(nodes))
