"""Python code and Python files, each in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import (
    Context,
    Json,
    Node,
    NodeError,
    Output,
    Outputs,
    param,
    prop,
    unlisted,
)
from casare_rpa.nodes.file.disk import existing_file, path_of
from casare_rpa.nodes.scripts.child import (
    Command,
    Ended,
    find_program,
    private_folder,
    run_child,
    working_folder,
)
from casare_rpa.nodes.values.reading import as_map

ENDED = (
    Output("stdout", "STRING"),
    Output("stderr", "STRING"),
    Output("return_code", "INTEGER"),
    Output("success", "BOOLEAN"),
)
_MEMORY_MB = 4096


def memory_limit() -> Any:
    return unlisted(
        _MEMORY_MB,
        kind="integer",
        minimum=0,
        help="MiB that each process may take; 0: any (Linux).",
    )


_CHILD = Path(__file__).with_name("_python_child.py")
_MAX_ANSWER_BYTES = 64 << 20


class RunPythonScriptNode(Node):
    """Run Python code and return what it leaves in `result`, and what it prints.

    The code runs in an isolated process of its own, with the robot's interpreter; `variables`
    are its globals. An exception is a success of the node: `success` is false and `error` tells
    type, message and line. A code that takes longer than `timeout` seconds is ended and fails; one
    that takes more than `memory_limit_mb` (4096) gets a MemoryError.
    A `result` that JSON does not know comes back as text.
    """

    category = "scripts"
    example = {"code": "result = sum(rows)", "variables": {"rows": [1, 2, 3]}}
    side_effect = True
    timeout_seconds = 0
    code: str = param(kind="code", required=True, aliases=("script",), help="The code.")
    variables: Json = param(None, kind="json", port_kind="DICT", help="Globals of the code.")
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    memory_limit_mb: int = memory_limit()
    isolated: bool = prop(False, kind="boolean", help="Kept for files: it is always isolated.")
    outputs = (
        Output("result", "ANY"),
        Output("output", "STRING"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        variables = as_map(ctx, self.variables, "variables") if self.variables else {}
        folder = working_folder(ctx, "")
        with private_folder() as private:
            answer = private / "answer.json"
            command = Command(
                argv=[sys.executable, "-I", "-X", "utf8", str(_CHILD)],
                working_dir=folder,
                environment=ctx.environment,
                stdin=_request(str(self.code), variables, answer),
                timeout_seconds=float(self.timeout),
                memory_bytes=int(self.memory_limit_mb) << 20,
            )
            ended = await run_child(command)
            outputs = await asyncio.to_thread(_answer, answer, ended)
        if outputs["error"]:
            ctx.log(f"the script failed: {outputs['error']}", "warning")
        return outputs


class RunPythonFileNode(Node):
    """Run a Python file in a process of its own.

    `args` is a list, or text split as a shell would. An exit status other than 0 is a success of
    the node with `success` false; `retry_on_nonzero` repeats it. Longer than `timeout` seconds
    fails. The interpreter is the robot's own unless `python_path` names one.
    """

    category = "scripts"
    example = {"file_path": "tool.py", "args": ["--all"]}
    side_effect = True
    timeout_seconds = 0
    file_path: str = param(kind="string", required=True, help="The file.")
    args: Json = param(None, kind="any", help="Its arguments.")
    working_dir: str | None = param(
        None, kind="directory_path", help="Where to run; empty: the run's own folder."
    )
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    memory_limit_mb: int = memory_limit()
    python_path: str | None = prop(None, kind="string", help="The interpreter.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(1000, kind="integer", minimum=0, help="Milliseconds between them.")
    retry_on_nonzero: bool = prop(False, kind="boolean", help="Repeat after a bad exit status.")
    outputs = ENDED

    async def run(self, ctx: Context) -> Outputs:
        path = existing_file(path_of(ctx, self.file_path, "file_path"))
        python = sys.executable
        if self.python_path:
            python = find_program(self.python_path, ctx.environment)
        command = Command(
            argv=[python, str(path), *arguments(self.args)],
            working_dir=working_folder(ctx, self.working_dir),
            environment={"PYTHONIOENCODING": "utf-8", **ctx.environment},
            timeout_seconds=float(self.timeout),
            memory_bytes=int(self.memory_limit_mb) << 20,
        )
        ended = await repeat(ctx, self, lambda: run_child(command))
        return ended.outputs()


def arguments(value: Json) -> list[str]:
    """Arguments of a program: a list's items, or text split as a shell would."""
    if value is None or value == "":
        return []
    if isinstance(value, str) and value.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, str):
        try:
            # Windows paths are full of the backslash that POSIX shells take as an escape.
            return shlex.split(value, posix=sys.platform != "win32")
        except ValueError as error:
            raise NodeError(f"args {value!r}: {error}", ErrorCode.INVALID_INPUT) from error
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if isinstance(value, Mapping):
        raise NodeError("args must be a list or text, not a map", ErrorCode.TYPE_MISMATCH)
    return [str(value)]


async def repeat(ctx: Context, node: Any, attempt: Callable[[], Awaitable[Ended]]) -> Ended:
    """What *attempt* returns, after as many further ones as *node*'s parameters ask for."""
    for left in range(max(int(node.retry_count), 0), -1, -1):
        try:
            ended = await attempt()
        except NodeError as error:
            if left == 0:
                raise
            why = error.message
        else:
            if left == 0 or ended.return_code == 0 or not node.retry_on_nonzero:
                return ended
            why = f"exit status {ended.return_code}"
        ctx.log(f"{why}; trying again, {left} left", "warning")
        await asyncio.sleep(max(int(node.retry_interval), 0) / 1000)
    raise AssertionError("the last attempt returns or raises")


def _request(code: str, variables: Mapping[Any, Any], answer: Path) -> bytes:
    request = {
        "code": code,
        "variables": {str(key): value for key, value in variables.items()},
        "answer": str(answer),
    }
    try:
        return json.dumps(request, default=str).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NodeError(
            f"the variables cannot be given to the code: {error}", ErrorCode.SERIALIZATION_ERROR
        ) from error


def _answer(path: Path, ended: Ended) -> Outputs:
    printed = ended.stdout + ended.stderr
    if not path.exists():
        error = f"the script's process ended with status {ended.return_code}"
        return {"result": None, "output": printed, "success": False, "error": error}
    if path.stat().st_size > _MAX_ANSWER_BYTES:
        raise NodeError(
            f"the result is larger than {_MAX_ANSWER_BYTES} bytes", ErrorCode.RESOURCE_EXHAUSTED
        )
    found = json.loads(path.read_bytes())
    return {
        "result": found.get("result"),
        "output": printed,
        "success": "error" not in found,
        "error": found.get("error", ""),
    }
