"""One agent per state folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from casare_rpa.errors import Conflict


@contextmanager
def only_agent_in(folder: Path) -> Iterator[None]:
    """Hold *folder* for this process while the block runs.

    Raises Conflict, which names the process that holds it. The system lets go of the lock when its
    holder dies, however it dies.
    """
    pid_file = folder / "agent.pid"
    lock = FileLock(folder / "agent.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict(
            f"another agent{_named(pid_file)} is using the state folder {folder}",
            hint="Stop it, or give this one a folder of its own with --state-dir.",
        ) from None
    try:
        with suppress(OSError):  # a full disk has no room for a number, but the lock is held
            pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        with suppress(OSError):  # as above; the exit code must not depend on it
            pid_file.unlink()
        lock.release()


def holder_of(folder: Path) -> int | None:
    """The process that holds *folder*, as far as its files tell; asking disturbs nobody."""
    pid_file = folder / "agent.pid"
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        # A number that was given away again belongs to a process younger than the file.
        older = psutil.Process(pid).create_time() <= pid_file.stat().st_mtime + 1
    except (OSError, ValueError, psutil.Error):
        return None
    return pid if older else None


def _named(pid_file: Path) -> str:
    try:
        return f" (process {int(pid_file.read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""
