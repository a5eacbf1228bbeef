"""A job where processes cannot fork (Windows): it runs in this process, and a thread is its keeper.

The thread ends the whole tree, itself included, when the agent dies or lets go (the pipe closes),
and when the lease has run out while the agent was stopped and could not do so itself.
"""

from __future__ import annotations

import os
import shutil
import threading
from typing import NoReturn

from agent.job.life import DEADLINE, LEASE_EXPIRED, Connection, kill_descendants, scratch_folder
from casare_rpa.boot_clock import boottime_seconds

#: As a POSIX system tells of a process that was killed.
_KILLED = 128 + 9


def main(talk: Connection, life: Connection) -> NoReturn:
    """Run a job in this process; *life* carries deadlines and closes with the agent."""
    from agent.job.process import run

    scratch = scratch_folder()

    def end(code: int) -> NoReturn:
        kill_descendants()
        shutil.rmtree(scratch, ignore_errors=True)
        os._exit(code)

    threading.Thread(target=lambda: end(_watch(life)), name="life", daemon=True).start()
    end(run(talk, scratch))


def _watch(life: Connection) -> int:
    """The exit code once the job has lost its right to run."""
    deadline = float("inf")
    while (left := deadline - boottime_seconds()) > 0:
        try:
            # Short waits, because their clock may stand still while the machine sleeps.
            if life.poll(min(left, 1.0)):
                (deadline,) = DEADLINE.unpack(life.recv_bytes(DEADLINE.size))
        except (EOFError, OSError):
            return _KILLED
    return LEASE_EXPIRED
