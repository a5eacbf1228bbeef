"""Ending a process and all that it started."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Sequence
from typing import Protocol

import psutil

_TERM_GRACE_SECONDS = 2.0
_POLL_SECONDS = 0.05
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


class Running(Protocol):
    """A child process, whichever way it was started."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...


async def end_tree(process: Running) -> None:
    """End the process and all that it started, politely first."""
    tree = _tree(process.pid)
    gone = False
    try:
        _signal(process.pid, tree, signal.SIGTERM)
        gone = await _gone(process, tree)
    finally:
        if not gone:  # Also when this wait is cancelled: nothing may stay.
            late = _tree(process.pid) if process.returncode is None else []
            _signal(process.pid, [*tree, *late], _KILL)
    if not gone:
        await _gone(process, tree)


async def _gone(process: Running, tree: Sequence[psutil.Process]) -> bool:
    """Whether all of them end within the time of grace."""
    for _ in range(int(_TERM_GRACE_SECONDS / _POLL_SECONDS)):
        if process.returncode is not None and not _alive(tree):
            return True
        await asyncio.sleep(_POLL_SECONDS)
    return False


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def _alive(tree: Sequence[psutil.Process]) -> bool:
    for process in tree:
        with contextlib.suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def _signal(pid: int, tree: Sequence[psutil.Process], number: int) -> None:
    if sys.platform != "win32":
        # The group holds those whose parent is gone already, the tree those who left the group.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, number)
    for process in tree:
        with contextlib.suppress(psutil.Error, ValueError):
            process.send_signal(number)
