"""What one job may take of its machine: memory and processes, by the agent's settings.

The agent holds the tree to it as a whole, so that the job ends with a reason and not at random;
before that the kernel holds each process to it (`agent.job.limits`).
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

import psutil

from agent.attempt import Stop
from casare_rpa.settings import Settings

#: The job's own process, which is quick to look at, and its whole tree.
_LOOK_SECONDS = 0.1
_TREE_SECONDS = 0.5


class Quota:
    """Looks at a tree now and then; 0 is no limit."""

    def __init__(self, settings: Settings) -> None:
        self._memory_bytes = settings.job_memory_bytes
        self._processes = settings.job_processes
        self._next_look = self._next_tree = 0.0
        self._most_seen = 0

    @property
    def starving(self) -> bool:
        """Whether it had taken the most of its memory when it was last looked at."""
        return bool(self._memory_bytes) and self._most_seen > self._memory_bytes // 2

    def due_seconds(self) -> float | None:
        """Time until the next look; None when there is nothing to look at."""
        if not (self._memory_bytes or self._processes):
            return None
        return max(0.0, self._next_look - time.monotonic())

    def exceeded(self, pid: int) -> Stop | None:
        """What the tree below *pid* takes too much of, if it is time to look."""
        if self.due_seconds() != 0:
            return None
        now = time.monotonic()
        whole = now >= self._next_tree
        tree = _tree(pid, whole=whole)
        self._next_look = now + _LOOK_SECONDS
        if whole:
            self._next_tree = now + _TREE_SECONDS
        if self._processes and len(tree) > self._processes:
            return Stop.TOO_MANY_PROCESSES
        self._most_seen = max(self._most_seen, sum(map(_memory, tree)))
        if self._memory_bytes and self._most_seen > self._memory_bytes:
            return Stop.OUT_OF_MEMORY
        return None


def _tree(guard_pid: int, *, whole: bool) -> list[psutil.Process]:
    try:
        if sys.platform == "win32":
            # There is no guard: the job is the process itself.
            keeper = psutil.Process(guard_pid)
            return [keeper, *(keeper.children(recursive=True) if whole else ())]
        if whole:
            return psutil.Process(guard_pid).children(recursive=True)
        children = Path(f"/proc/{guard_pid}/task/{guard_pid}/children").read_text(encoding="ascii")
        return [psutil.Process(int(pid)) for pid in children.split()]
    except (OSError, psutil.Error):
        return []


def _memory(process: psutil.Process) -> int:
    """What is its own: pages shared with the process that made it cost nothing more."""
    with contextlib.suppress(psutil.Error, OSError):  # a machine out of descriptors is no reason
        about = process.memory_info()
        return max(0, int(about.rss) - int(getattr(about, "shared", 0)))
    return 0
