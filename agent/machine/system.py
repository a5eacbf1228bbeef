"""The few calls to the Linux kernel that Python has no name for; elsewhere they do nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


def die_with_parent(parent_pid: int) -> None:
    """Be killed when the parent dies. Ends the process if *parent_pid* is dead already."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(1)


def adopt_orphans() -> bool:
    """Become the parent of every descendant whose own parent dies. False where that is unknown."""
    return _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Keep other processes of this user from reading this one's memory and environment."""
    _prctl(_PR_SET_DUMPABLE, 0)


def keep_descriptors_private() -> None:
    """Let no program started from here inherit an open descriptor beyond the first three."""
    with contextlib.suppress(OSError):
        for entry in list(Path("/dev/fd").iterdir()):
            if entry.name.isdigit() and int(entry.name) > 2:
                with contextlib.suppress(OSError):
                    os.set_inheritable(int(entry.name), False)


def _prctl(option: int, value: int) -> bool:
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(libc.prctl(option, value, 0, 0, 0) == 0)
