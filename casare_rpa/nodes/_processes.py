"""Ending processes that may not be this robot's own. Loads psutil, which takes long."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator

import psutil

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

_POLL_SECONDS = 0.02


def end_processes(wanted: str, *, at_once: bool, wait_seconds: float) -> int:
    """End the processes of an id or name, and return how many have ended."""
    chosen = list(by_id(int(wanted)) if wanted.isdecimal() else _by_name(wanted))
    asked = [p for p in chosen if allowed(p.kill if at_once else p.terminate)]
    left = _left_after(asked, wait_seconds)
    for process in left:
        allowed(process.kill)
    return len(asked) - len(_left_after(left, 1))


def _own() -> set[int]:
    """This process and those that started it: ending one of them ends the run."""
    return {os.getpid(), 0, 1, *(parent.pid for parent in psutil.Process().parents())}


def by_id(pid: int) -> Iterator[psutil.Process]:
    """The process, or nothing if there is none. NodeError for one of this robot's own."""
    if pid in _own():
        raise NodeError(f"process {pid} runs this robot", ErrorCode.PERMISSION_DENIED)
    try:
        yield psutil.Process(pid)
    except psutil.NoSuchProcess:
        return


def _by_name(name: str) -> Iterator[psutil.Process]:
    names = {name.lower(), f"{name.lower()}.exe"}
    own = _own()
    for process in psutil.process_iter(["name"]):
        if (process.info["name"] or "").lower() in names and process.pid not in own:
            yield process


def _left_after(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after *seconds* at most."""
    # Not psutil's own wait: it would take the exit status of a child away from whoever started it.
    deadline = time.monotonic() + seconds
    while (left := [p for p in processes if runs(p)]) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def allowed(end: Callable[[], None]) -> bool:
    """Call *end* of a process; false if it is gone. NodeError if this user may not."""
    try:
        end()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied as error:
        raise NodeError(
            f"process {error.pid} may not be ended by this user", ErrorCode.PERMISSION_DENIED
        ) from error
    return True
