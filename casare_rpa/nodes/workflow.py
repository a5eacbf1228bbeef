"""Workflows that call other workflows."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop, unlisted
from casare_rpa.nodes.file.reach import opened

#: Where the engine finds the tasks that a run waits for at its end.
BACKGROUND = "background_tasks"
#: The variable that holds, by output of the trigger, what set a run off: no result shows it.
PAYLOAD = "_trigger_payload"
_INPUTS = ("variables", "input_data", "input_mapping")
_SUFFIXES = ("", ".json", ".json.gz")


class _Call(Node, abstract=True):
    """A node that runs another workflow.

    Every config key and data port that the node does not declare is an input of that workflow. A
    failure leaves by `error` if something is wired there, else it is the node's own.
    """

    control = "call"
    timeout_seconds = 0
    side_effect = True
    exec_outputs = ("exec_out", "error")
    #: Asks the engine for the values of undeclared config keys and ports, in `others`.
    takes_others = True
    others: Mapping[str, Any] = {}

    def given(self, inputs: Any) -> dict[str, Any]:
        """The inputs of the called workflow."""
        if isinstance(inputs, str):
            inputs = _map_in_text(inputs) if inputs.strip() else {}
        return {**self.others, **(inputs or {})}


def _map_in_text(text: str) -> dict[str, Any]:
    import orjson  # noqa: PLC0415 - listing the nodes loads no library

    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise NodeError("inputs: the text is no JSON object", ErrorCode.PARSE_ERROR)
    return found


def _file_of(ctx: Context, path: str, workflow_id: str, what: str) -> str:
    """The file to run: *path*, else one in the working folder that is called like the id.

    Both may leave out `.json`.
    """
    named = path or workflow_id
    if not named:
        raise NodeError(f"neither {what}_path nor {what}_id is set", ErrorCode.CONFIG_MISSING_KEY)
    for suffix in _SUFFIXES:
        if ctx.path(named + suffix).is_file():
            return named + suffix
    if path:
        return path
    raise NodeError(
        f"there is no workflow file for the {what}_id {workflow_id!r} in the working folder",
        ErrorCode.CONFIG_NOT_FOUND,
        hint=f"set {what}_path",
    )


class ExecuteWorkflowNode(_Call):
    """Run another workflow file as a step; its public variables are this node's outputs.

    With `wait_for_completion` off the run goes on at once and waits for it at its end.
    """

    category = "workflow"
    example = {"workflow_path": "invoices.json", "inputs": {"month": "{{month}}"}}
    workflow_path: str = prop("", kind="file_path", help="the workflow file")
    wait_for_completion: bool = prop(True, kind="boolean", help="wait here for its end")
    inputs: Any = unlisted(
        None, kind="dict", aliases=_INPUTS, help="its variables, beside undeclared config keys"
    )

    async def run(self, ctx: Context) -> Outputs:
        if not self.workflow_path:
            raise NodeError("'workflow_path' has no value", ErrorCode.MISSING_REQUIRED_FIELD)
        path = _file_of(ctx, self.workflow_path, "", "workflow")
        call = ctx.call_workflow(path, self.given(self.inputs))
        if self.wait_for_completion:
            return dict(await call)
        _in_background(ctx, call, None)
        return {}


class CallSubworkflowNode(_Call):
    """Call a workflow by file or id; its public variables are outputs beside the declared ones.

    An id names a file in the working folder. `async` starts it beside the run and, unless
    `wait_for_result` is on, goes on at once; the run waits for it at its end.
    """

    category = "workflow"
    example = {"subworkflow_path": "invoices.json", "inputs": {"month": "{{month}}"}}
    subworkflow_id: str = prop("", kind="string", help="the id, which names the file")
    subworkflow_path: str = prop("", kind="file_path", help="the workflow file")
    execution_mode: str = prop("sync", kind="choice", choices=("sync", "async"), help="how to run")
    #: The name that files use; the class attribute `timeout_seconds` is the engine's own limit.
    limit: Any = prop(
        300, kind="integer", key="timeout_seconds", minimum=1, maximum=86400, help="seconds at most"
    )
    wait_for_result: bool = prop(True, kind="boolean", help="in mode async: wait for its end")
    poll_interval: int = prop(
        5, kind="integer", minimum=1, maximum=60, help="kept for older files; nothing is polled"
    )
    inputs: Any = unlisted(
        None, kind="dict", aliases=_INPUTS, help="its variables, beside undeclared config keys"
    )
    outputs = (
        Output("job_id", "STRING"),
        Output("success", "BOOLEAN"),
        Output("execution_time_ms", "INTEGER"),
    )

    async def run(self, ctx: Context) -> Outputs:
        job_id, began = str(uuid.uuid4()), time.perf_counter()
        path = _file_of(ctx, self.subworkflow_path, self.subworkflow_id, "subworkflow")
        call = ctx.call_workflow(path, self.given(self.inputs))
        if self.execution_mode == "async" and not self.wait_for_result:
            _in_background(ctx, call, float(self.limit))
            return {"job_id": job_id, "success": True, "execution_time_ms": 0}
        found = await _within(call, float(self.limit))
        spent = int((time.perf_counter() - began) * 1000)
        return {**found, "job_id": job_id, "success": True, "execution_time_ms": spent}


class SubflowNode(_Call):
    """Run a saved subflow as one step: its inputs and outputs are ports of this node.

    Values for the subflow's parameters are set in the nodes they belong to.
    """

    category = "General"
    example = {"subflow_path": "clean.json", "text": "{{row.name}}"}
    subflow_id: str = prop("", kind="string", help="the id, which names the file")
    subflow_path: str = prop("", kind="file_path", help="the subflow file")

    async def run(self, ctx: Context) -> Outputs:
        path = _file_of(ctx, self.subflow_path, self.subflow_id, "subflow")
        document = await asyncio.to_thread(_document, ctx.path(path))
        given = self.given(None)
        inputs = {p["name"]: given.get(p["name"], p.get("default_value")) for p in _ports(document)}
        missing = [p["name"] for p in _ports(document) if p.get("required") and not _has(inputs, p)]
        if missing:
            raise NodeError(
                f"the subflow's input {missing[0]!r} has no value", ErrorCode.MISSING_REQUIRED_FIELD
            )
        _set_inner(document, given, inputs)
        _add_outputs(document)
        found = await ctx.call_workflow(
            document, {k: v for k, v in inputs.items() if v is not None}
        )
        declared = [p["name"] for p in _ports(document, "outputs")]
        return {name: found.get(name) for name in declared} if declared else dict(found)


def _document(path: Path) -> dict[str, Any]:
    import orjson  # noqa: PLC0415 - listing the nodes loads no library

    try:
        with opened(path) as stream:
            found = orjson.loads(stream.read())
    except FileNotFoundError:
        raise NodeError(f"there is no subflow file {path}", ErrorCode.FILE_NOT_FOUND) from None
    except orjson.JSONDecodeError as error:
        raise NodeError(f"{path}: {error}", ErrorCode.PARSE_ERROR) from error
    if not isinstance(found, dict):
        raise NodeError(f"{path} is no subflow", ErrorCode.WORKFLOW_INVALID)
    found.setdefault("metadata", {}).setdefault("name", found.get("name") or path.stem)
    return found


def _ports(document: Mapping[str, Any], side: str = "inputs") -> list[dict[str, Any]]:
    entries = document.get(side) or []
    return [entry for entry in entries if isinstance(entry, dict) and entry.get("name")]


def _has(inputs: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    return inputs.get(entry["name"]) is not None


def _add_outputs(document: dict[str, Any]) -> None:
    """Give each output that names an inner port a node of its own, which gathers its value."""
    nodes, connections = document.get("nodes"), document.get("connections")
    if not isinstance(nodes, (dict, list)) or not isinstance(connections, list):
        return
    inner = _by_id(nodes)
    for entry in _ports(document, "outputs"):
        source, port = entry.get("internal_node_id"), entry.get("internal_port_name")
        if not port or inner.get(source, {}).get("node_type", "SubflowOutputNode") == (
            "SubflowOutputNode"
        ):
            continue
        sink = f"output {entry['name']}"
        config = {"port_name": entry["name"]}
        node = {"node_id": sink, "node_type": "SubflowOutputNode", "config": config}
        if isinstance(nodes, dict):
            nodes[sink] = node
        else:
            nodes.append(node)
        ends = {"source_node": source, "source_port": port}
        connections.append({**ends, "target_node": sink, "target_port": "value"})


def _by_id(nodes: Any) -> Mapping[Any, dict[str, Any]]:
    if isinstance(nodes, dict):
        return nodes
    listed = nodes if isinstance(nodes, list) else []
    return {n.get("node_id", n.get("id")): n for n in listed if isinstance(n, dict)}


def _set_inner(
    document: dict[str, Any], given: Mapping[str, Any], inputs: Mapping[str, Any]
) -> None:
    """Put values where parameters, and inputs without a node of their own, belong."""
    nodes = _by_id(document.get("nodes"))
    for entry in document.get("parameters") or []:
        value = given.get(entry.get("name"), entry.get("default_value"))
        _put(nodes, entry.get("internal_node_id"), entry.get("internal_property_name"), value)
    for entry in _ports(document):
        target = entry.get("internal_node_id")
        if nodes.get(target, {}).get("node_type") != "SubflowInputNode":
            _put(nodes, target, entry.get("internal_port_name"), inputs[entry["name"]])


def _put(nodes: Mapping[Any, Any], node_id: Any, key: Any, value: Any) -> None:
    node = nodes.get(node_id)
    if isinstance(node, dict) and key and value is not None:
        node.setdefault("config", {})[key] = value


class SubflowInputNode(Node):
    """Declare an input of a subflow: it gives the caller's value."""

    category = "workflow"
    control = "subflow_input"
    example = {"port_name": "text"}
    exec_inputs = ()
    exec_outputs = ()
    port_name: str = prop("input", kind="string", help="the input's name")
    outputs = (Output("value", "ANY"),)

    def run(self, ctx: Context) -> Outputs:
        return {"value": ctx.get_variable(self.port_name)}


class SubflowOutputNode(Node):
    """Declare an output of a subflow: its value goes back to the caller."""

    category = "workflow"
    control = "subflow_output"
    example = {"port_name": "cleaned", "value": "{{trim.result}}"}
    exec_inputs = ()
    exec_outputs = ()
    port_name: str = prop("output", kind="string", help="the output's name")
    value: Any = param(None, kind="any", help="what to give back")

    def run(self, ctx: Context) -> None:
        ctx.set_variable(self.port_name, self.value)


async def _within(call: Awaitable[Mapping[str, Any]], seconds: float) -> Mapping[str, Any]:
    try:
        async with asyncio.timeout(seconds) as timer:
            return await call
    except TimeoutError:
        if not timer.expired():
            raise
        text = f"the called workflow took longer than {seconds:g}s"
        raise NodeError(text, ErrorCode.TIMEOUT) from None


def _in_background(ctx: Context, call: Awaitable[Mapping[str, Any]], seconds: float | None) -> None:
    """Run *call* beside the run, which waits for it before it closes."""

    async def work() -> None:
        try:
            await (call if seconds is None else _within(call, seconds))
        except NodeError as error:
            ctx.log(f"a workflow called in the background failed: {error.message}", "error")

    task = asyncio.create_task(work(), name=f"called by {ctx.node_id}")
    ctx.resources.setdefault(BACKGROUND, []).append(task)
