"""Limits of the kernel for a job's own process, and for each one that it starts.

They leave the agent the time to see trouble coming and to say so (`agent.job.quota`).
"""

from __future__ import annotations

import contextlib
import os
import resource
import sys
from pathlib import Path

import psutil

# Windows has no limits of this kind.
assert sys.platform != "win32"

#: The kernel counts what is asked for and never touched, too: to write a text as JSON six times
#: its length.
_HEADROOM = 10


def hold(memory_bytes: int, processes: int) -> None:
    """Let the kernel refuse this process, and each one it starts, more than so much.

    Processes are counted for the user as a whole, and for root not at all.
    """
    if memory_bytes:
        _lower(resource.RLIMIT_DATA, _data_bytes() + _HEADROOM * memory_bytes)
    if processes:
        _lower(resource.RLIMIT_NPROC, _tasks_of_user() + processes)


def _lower(limit: int, value: int) -> None:
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
