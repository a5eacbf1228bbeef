"""What one job may take of its machine: memory and processes, by the agent's settings.

The kernel holds each process to it (`hold`, called in the job's own process), the agent holds the
tree to it as a whole (`Quota`), so that the job ends with a reason and not at random.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import psutil

from agent.attempt import Stop
from casare_rpa.settings import Settings

#: The job's own process, which is quick to look at, and its whole tree.
_LOOK_SECONDS = 0.1
_TREE_SECONDS = 0.5
#: The kernel's limit leaves the agent the time to see it coming and to say so. It counts what is
#: asked for and never touched, too: to write a text as JSON six times its length.
_HEADROOM = 10


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


def hold(memory_bytes: int, processes: int) -> None:
    """Let the kernel refuse this process, and each one it starts, more than so much.

    Processes are counted for the user as a whole, and for root not at all.
    """
    if os.name == "nt":
        return
    import resource

    if memory_bytes:
        _lower(resource.RLIMIT_DATA, _data_bytes() + _HEADROOM * memory_bytes)
    if processes:
        _lower(resource.RLIMIT_NPROC, _tasks_of_user() + processes)


def _lower(limit: int, value: int) -> None:
    import resource

    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(limit, (value, value))


def _data_bytes() -> int:
    """What this process has already, counted as the kernel counts it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _tasks_of_user() -> int:
    mine = os.getuid()
    count = 0
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == mine:
                count += process.num_threads()
    return count


def _tree(guard_pid: int, *, whole: bool) -> list[psutil.Process]:
    try:
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
