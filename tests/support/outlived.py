"""Ends the programs of a test run that was killed: nobody else would.

A process of its own is told of each program; when the test run's end of the pipe closes, it kills
those that it was not told the end of. A program may be started from any thread, and is free to
outlive all but the test run.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
from functools import cache

_WAIT = """
import contextlib, os, signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
left = set()
for line in sys.stdin:
    (left.add if line[0] == "+" else left.discard)(int(line[1:]))
for pid in left:
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
"""


def started(pid: int) -> None:
    """*pid* leads a session of its own, and ends with this process at the latest."""
    _tell(f"+{pid}\n")


def ended(pid: int) -> None:
    """*pid* may be another program's from now on."""
    _tell(f"-{pid}\n")


def _tell(line: str) -> None:
    # Shorter than PIPE_BUF: two threads do not mix their lines.
    with contextlib.suppress(OSError):
        os.write(_waiting(os.getpid()), line.encode())


@cache
def _waiting(_: int) -> int:
    """The pipe to the one that waits for the end of this process; a fork gets its own."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _WAIT],
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    pipe = process.stdin
    atexit.register(lambda: (pipe.close(), process.wait()))
    return pipe.fileno()
