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
        if _is_file(ctx.path(named + suffix)):
            return named + suffix
    if path:
        return path
    raise NodeError(
        f"there is no workflow file for the {what}_id {workflow_id!r} in the working folder",
        ErrorCode.CONFIG_NOT_FOUND,
        hint=f"set {what}_path",
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False  # the call says why it cannot be read


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
    inputs: Any = unlisted(
        None, kind="dict", aliases=_INPUTS, help="its inputs, beside config keys of their own"
    )

    async def run(self, ctx: Context) -> Outputs:
        path = _file_of(ctx, self.subflow_path, self.subflow_id, "subflow")
        return dict(await ctx.call_workflow(path, self.given(self.inputs), declared_only=True))


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
        except Exception as error:
            if ctx.cancelled:
                raise
            # Nobody waits for it who could fail with it.
            why = error.message if isinstance(error, NodeError) else repr(error)
            ctx.log(f"a workflow called in the background failed: {why}", "error")

    task = asyncio.create_task(work(), name=f"called by {ctx.node_id}")
    ctx.resources.setdefault(BACKGROUND, []).append(task)
