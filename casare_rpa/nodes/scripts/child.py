"""Child processes of nodes: bounded output, a deadline, and no process left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError

#: What is kept of each of the two outputs.
MAX_OUTPUT_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 16
_POLL_SECONDS = 0.05
#: How long the output may stay open after the process ended: something it started still has it.
_OUTPUT_GRACE_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start. `argv` is never read by a shell; `shell` gives the line to one instead."""

    argv: Sequence[str] = ()
    shell: str = ""
    working_dir: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    timeout_seconds: float = 60.0
    #: What the process, and each one it starts, may have for itself; 0: no limit of its own.
    memory_bytes: int = 0
    capture: bool = True

    @property
    def name(self) -> str:
        return self.shell if self.shell else self.argv[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child process ended: what it wrote, as text, and its exit status."""

    stdout: str
    stderr: str
    return_code: int

    def outputs(self) -> dict[str, Any]:
        return {
            "stdout": self.stdout,
            "stderr": self.stderr,
            "return_code": self.return_code,
            "success": self.return_code == 0,
        }


async def run_child(command: Command) -> Ended:
    """Run *command* to its end. Any exit status is a result.

    Raises NodeError when it cannot be started or takes too long. Then, and when the task is
    cancelled, the process and all that it started are ended first.
    """
    process = await _start(command)
    try:
        async with asyncio.timeout(command.timeout_seconds):
            return await _finish(process, command)
    except TimeoutError as error:
        raise NodeError(
            f"{_short(command.name)}: still running after {command.timeout_seconds:g} s, stopped",
            ErrorCode.TIMEOUT,
        ) from error
    finally:
        try:
            if process.returncode is None:
                # psutil takes longer to load than all of the engine, and is seldom needed.
                from casare_rpa.nodes.scripts import _tree  # noqa: PLC0415

                await _tree.end_tree(process)
        finally:
            _close(process)


def find_program(name: str, environment: Mapping[str, str], folder: Path | None = None) -> str:
    """The path of the program *name*; NodeError if there is none."""
    path = environment.get("PATH", os.defpath)
    if folder and (os.sep in name or "/" in name):
        beside = folder / name
        name = str(beside) if beside.exists() else name
    found = shutil.which(name, path=path)
    if found is None:
        raise NodeError(f"no program is called {name!r}", ErrorCode.APPLICATION_LAUNCH_FAILED)
    return found


def working_folder(ctx: Context, text: Any) -> Path:
    """The folder to run in: the parameter's, else the run's own."""
    folder = ctx.path(str(text)) if text else ctx.path(".")
    if not folder.is_dir():
        raise NodeError(f"no such folder: {folder}", ErrorCode.FILE_NOT_FOUND)
    return folder


@contextlib.contextmanager
def private_folder() -> Iterator[Path]:
    """A folder for the files of one script, readable by this user only, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="casare-", ignore_cleanup_errors=True) as name:
        yield Path(name)


async def _start(command: Command) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE if command.capture else asyncio.subprocess.DEVNULL
    options: dict[str, Any] = {
        "stdin": asyncio.subprocess.PIPE if command.stdin else asyncio.subprocess.DEVNULL,
        "stdout": pipe,
        "stderr": pipe,
        "cwd": command.working_dir,
        "env": dict(command.environment),
    }
    if sys.platform == "win32":
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        options["start_new_session"] = True
    try:
        if command.shell:
            process = await asyncio.create_subprocess_shell(command.shell, **options)
        else:
            process = await asyncio.create_subprocess_exec(*command.argv, **options)
    except (OSError, ValueError) as error:
        raise NodeError(
            f"{_short(command.name)} cannot be started: {error}",
            ErrorCode.APPLICATION_LAUNCH_FAILED,
        ) from error
    if command.memory_bytes:
        _limit_memory(process.pid, command.memory_bytes)
    return process


def _limit_memory(pid: int, memory_bytes: int) -> None:
    """Of a process that runs already, which only Linux lets one do."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Windows has none

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_bytes if most == resource.RLIM_INFINITY else min(memory_bytes, most)
    with contextlib.suppress(ProcessLookupError):  # it has ended already
        resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


async def _finish(process: asyncio.subprocess.Process, command: Command) -> Ended:
    outputs = [_Reader(process.stdout), _Reader(process.stderr)]
    tasks = [asyncio.create_task(reader.read(), name="child output") for reader in outputs]
    try:
        await _feed(process, command.stdin)
        await _wait_for_exit(process, tasks)
        await asyncio.wait(tasks, timeout=_OUTPUT_GRACE_SECONDS)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    code = process.returncode
    return Ended(
        stdout=outputs[0].text(), stderr=outputs[1].text(), return_code=-1 if code is None else code
    )


async def _feed(process: asyncio.subprocess.Process, text: bytes) -> None:
    if process.stdin is None:
        return
    # A child need not read what it is given.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(text)
        await process.stdin.drain()
        process.stdin.close()


async def _wait_for_exit(
    process: asyncio.subprocess.Process, outputs: list[asyncio.Task[None]]
) -> None:
    # `process.wait()` alone may wait for the outputs too, which a background child keeps open.
    while process.returncode is None:
        open_outputs = [task for task in outputs if not task.done()]
        if not open_outputs:
            await process.wait()
            return
        await asyncio.wait(open_outputs, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)


class _Reader:
    """Reads one output to its end, and keeps the first part of it."""

    def __init__(self, stream: asyncio.StreamReader | None) -> None:
        self._stream = stream
        self._kept = bytearray()
        self._dropped = 0

    async def read(self) -> None:
        if self._stream is None:
            return
        while chunk := await self._stream.read(_CHUNK_BYTES):
            room = MAX_OUTPUT_BYTES - len(self._kept)
            self._kept += chunk[:room]
            self._dropped += max(len(chunk) - room, 0)

    def text(self) -> str:
        text = self._kept.decode("utf-8", "replace").replace("\r\n", "\n")
        if self._dropped:
            text += f"\n[{self._dropped} more bytes of output were left out]"
        return text


def _close(process: asyncio.subprocess.Process) -> None:
    # Something in the background may hold the outputs open for ever: this end is closed anyway.
    transport: asyncio.SubprocessTransport = vars(process)["_transport"]
    transport.close()


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}..."
