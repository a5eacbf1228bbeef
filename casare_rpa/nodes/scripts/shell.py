"""Shell scripts and JavaScript."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.scripts.child import (
    Command,
    find_program,
    private_folder,
    run_child,
    working_folder,
)
from casare_rpa.nodes.scripts.python import ENDED, memory_limit, repeat


class RunBatchScriptNode(Node):
    """Run a cmd script on Windows, a shell script (bash, else sh) elsewhere.

    An exit status other than 0 is a success of the node with `success` false;
    `retry_on_nonzero` repeats it. Longer than `timeout` seconds fails, and the script and all that
    it started are ended.
    """

    category = "scripts"
    example = {"script": "echo done"}
    side_effect = True
    timeout_seconds = 0
    script: str = param(kind="text", required=True, help="The lines to run.")
    working_dir: str | None = param(
        None, kind="directory_path", help="Where to run; empty: the run's own folder."
    )
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(1000, kind="integer", minimum=0, help="Milliseconds between them.")
    retry_on_nonzero: bool = prop(False, kind="boolean", help="Repeat after a bad exit status.")
    outputs = ENDED

    async def run(self, ctx: Context) -> Outputs:
        folder = working_folder(ctx, self.working_dir)
        with private_folder() as private:
            command = Command(
                argv=_shell_argv(ctx, private, str(self.script)),
                working_dir=folder,
                environment=ctx.environment,
                timeout_seconds=float(self.timeout),
            )
            ended = await repeat(ctx, self, lambda: run_child(command))
        return ended.outputs()


class RunJavaScriptNode(Node):
    """Run JavaScript with Node.js; `result` is what it prints, without space around it.

    `input_data` is there as `inputData`. An exception is a success of the node with `success`
    false and `error`; a missing Node.js and a code that takes too long fail.
    """

    category = "scripts"
    example = {"code": "console.log(inputData.length)", "input_data": [1, 2]}
    side_effect = True
    timeout_seconds = 0
    code: str = param(kind="text", required=True, help="The code.")
    input_data: Json = param(None, kind="any", help="A value for the code.")
    timeout: int = prop(60, kind="integer", minimum=1, help="Seconds it may take.")
    memory_limit_mb: int = memory_limit()
    node_path: str = prop("node", kind="string", help="The Node.js program.")
    outputs = (Output("result", "STRING"), Output("success", "BOOLEAN"), Output("error", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        node = find_program(self.node_path or "node", ctx.environment)
        with private_folder() as private:
            path = private / "script.js"
            # On the first line of the code itself, so that errors tell the code's own lines.
            path.write_text(
                "const inputData = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
                + str(self.code),
                "utf-8",
            )
            command = Command(
                argv=[node, str(path)],
                working_dir=working_folder(ctx, ""),
                environment=ctx.environment,
                stdin=_as_json(self.input_data),
                timeout_seconds=float(self.timeout),
                memory_bytes=int(self.memory_limit_mb) << 20,
            )
            ended = await run_child(command)
        error = ended.stderr.replace(str(path), "script.js").strip()
        if ended.return_code != 0:
            error = error or f"exit status {ended.return_code}"
            ctx.log(f"the script failed: {error}", "warning")
        return {
            "result": ended.stdout.strip(),
            "success": ended.return_code == 0,
            "error": "" if ended.return_code == 0 else error,
        }


def _shell_argv(ctx: Context, folder: Path, script: str) -> list[str]:
    """The script in a file: an argument would have a limit, standard input would be taken."""
    if sys.platform == "win32":
        path = folder / "script.bat"
        path.write_text("@echo off\r\n" + script.replace("\n", "\r\n"), "utf-8", newline="")
        return [find_program("cmd", ctx.environment), "/d", "/c", str(path)]
    path = folder / "script.sh"
    path.write_text(script.replace("\r\n", "\n"), "utf-8")
    shell = shutil.which("bash", path=ctx.environment.get("PATH")) or "/bin/sh"
    return [shell, str(path)]


def _as_json(value: Json) -> bytes:
    try:
        return json.dumps(value, default=str).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NodeError(
            f"input_data cannot be given to the code: {error}", ErrorCode.SERIALIZATION_ERROR
        ) from error
