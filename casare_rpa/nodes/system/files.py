"""Watching files, and log files of a workflow's own."""

from __future__ import annotations

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.file.disk import make_parent, path_of, plain_errors, refuse_pipe, replacing
from casare_rpa.nodes.file.reach import opened

_POLL_SECONDS = 0.1
_EVENTS = {"create": "created", "modify": "modified", "delete": "deleted"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

#: What tells one state of a file from another, by path.
Seen: TypeAlias = dict[str, tuple[int, int, int]]


class FileWatcherNode(Node):
    """Wait until a file, or something in a folder, is created, modified or deleted.

    Gives up after `timeout` seconds: `timed_out` is then true. `event_type` is created, modified
    or deleted. The watched path need not exist yet.
    """

    category = "system"
    example = {"watch_path": "in", "events": "create", "timeout": 1}
    timeout_seconds = 0
    watch_path: str = prop(kind="file_path", required=True, help="A file or folder.")
    events: str = prop(
        "all",
        kind="choice",
        choices=("create", "modify", "delete", "all"),
        help="What to wait for.",
    )
    timeout: int = prop(30, kind="integer", minimum=1, maximum=3600, help="Seconds to wait.")
    recursive: bool = prop(False, kind="boolean", help="Look in sub-folders too.")
    outputs = (
        Output("event_type", "STRING"),
        Output("file_path", "STRING"),
        Output("triggered", "BOOLEAN"),
        Output("timed_out", "BOOLEAN"),
    )

    async def run(self, ctx: Context) -> Outputs:
        path = path_of(ctx, self.watch_path, "watch_path")
        wanted = str(self.events).lower()
        kinds = set(_EVENTS.values()) if wanted == "all" else {_EVENTS.get(wanted, "")}
        if kinds == {""}:
            raise NodeError(
                f"no events {self.events!r}; there are: {', '.join(_EVENTS)}, all",
                ErrorCode.INVALID_INPUT,
            )
        found: tuple[str, str] | None = None
        try:
            async with asyncio.timeout(float(self.timeout)):
                found = await self._wait(path, kinds)
        except TimeoutError:
            pass
        return {
            "event_type": found[0] if found else "",
            "file_path": found[1] if found else "",
            "triggered": found is not None,
            "timed_out": found is None,
        }

    async def _wait(self, path: Path, kinds: set[str]) -> tuple[str, str]:
        before = await asyncio.to_thread(_seen, path, self.recursive)
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            now = await asyncio.to_thread(_seen, path, self.recursive)
            for kind, name in _changes(before, now):
                if kind in kinds:
                    return kind, name
            before = now


class LogToFileNode(Node):
    """Write lines to a log file of its own: `[time] [LEVEL] text`; secrets are masked."""

    category = "system"
    example = {"log_file_path": "out/run.log", "log_message": "done"}
    side_effect = True
    log_file_path: str = prop(kind="file_path", required=True, help="The file.")
    log_message: Json = param(kind="text", required=True, help="What to write.")
    level: str = prop("INFO", kind="choice", choices=_LEVELS, help="How important it is.")
    append: bool = prop(True, kind="boolean", help="Add to the end; else begin anew.")
    add_timestamp: bool = prop(True, kind="boolean", help="Begin lines with the time.")
    outputs = (Output("success", "BOOLEAN"), Output("lines_written", "INTEGER"))

    async def run(self, ctx: Context) -> Outputs:
        path = path_of(ctx, self.log_file_path, "log_file_path")
        now = f"[{datetime.now().astimezone().isoformat(' ', 'milliseconds')}] "
        prefix = f"{now if self.add_timestamp else ''}[{str(self.level).upper()}] "
        text = ctx.masked("" if self.log_message is None else str(self.log_message))
        lines = text.splitlines() or [""]
        await asyncio.to_thread(self._write, path, "".join(f"{prefix}{line}\n" for line in lines))
        return {"success": True, "lines_written": len(lines)}

    def _write(self, path: Path, text: str) -> None:
        with plain_errors():
            make_parent(path, wanted=True)
            if self.append:
                with opened(refuse_pipe(path), "ab") as stream:
                    stream.write(text.encode())
            else:
                with replacing(path) as stream:
                    stream.write(text.encode())


def _seen(path: Path, recursive: bool) -> Seen:
    """The state of *path*, or of what is in it if it is a folder."""
    found: Seen = {}
    if not path.is_dir():
        _note(found, str(path))
        return found
    pending = [str(path)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    _note(found, entry.path)
                    if recursive and entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:  # It went away, or is closed to us: both look like nothing in it.
            continue
    return found


def _note(found: Seen, name: str) -> None:
    try:
        about = os.stat(name)  # noqa: PTH116 - a Path for each of many entries is slow
    except OSError:
        return
    is_file = 0 if os.path.isdir(name) else 1  # noqa: PTH112 - the same
    # A folder's time changes with what is in it, which is told on its own.
    times = (about.st_mtime_ns, about.st_size) if is_file else (0, 0)
    found[name] = (about.st_ino, *times)


def _changes(before: Seen, now: Seen) -> list[tuple[str, str]]:
    created = [("created", name) for name in now if name not in before]
    deleted = [("deleted", name) for name in before if name not in now]
    modified = [("modified", n) for n, state in now.items() if before.get(n, state) != state]
    return created + modified + deleted
