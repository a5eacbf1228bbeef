"""One agent per state folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
        pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        pid_file.unlink(missing_ok=True)
        lock.release()


def _named(pid_file: Path) -> str:
    try:
        return f" (process {int(pid_file.read_text(encoding='ascii'))})"
    except (OSError, ValueError):
        return ""
