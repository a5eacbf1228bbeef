"""The parent of one job's process: sees to it that nothing of a job outlives its right to run.

It is the leader of the job's session and the parent of every orphan below it, so that a program
that went into the background, even in a session of its own, is still found. It ends the whole tree
when the job's process ends, when the agent dies or lets go (the pipe closes), and when the lease
has run out while the agent was stopped and could not do so itself.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import time
from typing import NoReturn

from agent.job.life import (
    DEADLINE,
    LEASE_EXPIRED,
    SURVIVORS_LEFT,
    Connection,
    kill_descendants,
    scratch_folder,
)
from agent.machine.system import adopt_orphans, die_with_parent, keep_descriptors_private
from casare_rpa.boot_clock import boottime_seconds

# Windows cannot fork: `agent.job.unguarded` runs jobs there.
assert sys.platform != "win32"

_SWEEP_SECONDS = 10.0
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(talk: Connection, life: Connection) -> None:
    """Run a job below this process; *life* carries deadlines and closes with the agent."""
    keep_descriptors_private()
    os.setsid()
    adopt_orphans()
    wakeup = _wake_on_child()
    mine = os.getpid()
    scratch = scratch_folder()
    pid = os.fork()
    if pid == 0:
        _become_job(mine, talk, life, scratch)
    talk.close()
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    code = _watch(pid, life, wakeup)
    swept = _sweep()
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(code if swept else SURVIVORS_LEFT)


def _become_job(guard_pid: int, talk: Connection, life: Connection, scratch: str) -> NoReturn:
    die_with_parent(guard_pid)
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    life.close()
    code = 1
    try:
        from agent.job.process import run

        code = run(talk, scratch)
    finally:
        os._exit(code)


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child has ended."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _watch(job_pid: int, life: Connection, wakeup: int) -> int:
    """The exit code: the job's own (128 + n for a signal), LEASE_EXPIRED, or 137 when told to."""
    deadline = float("inf")
    while True:
        left = deadline - boottime_seconds()
        if left <= 0:
            return LEASE_EXPIRED
        # Short waits, because poll's own clock may stand still while the machine sleeps.
        ready, _, _ = select.select([life.fileno(), wakeup], [], [], min(left, 1.0))
        if wakeup in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup, 4096)
        code = _reap(job_pid)
        if code is not None:
            return code
        if life.fileno() in ready:
            try:
                (deadline,) = DEADLINE.unpack(life.recv_bytes(DEADLINE.size))
            except (EOFError, OSError):
                return 128 + signal.SIGKILL


def _reap(job_pid: int) -> int | None:
    """Take every dead child off the process table; the job's exit code if it is among them."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            if pid == job_pid:
                code = os.waitstatus_to_exitcode(status)
                found = code if code >= 0 else 128 - code
    return found


def _sweep() -> bool:
    """Kill what is left below this process, again and again; whether nothing is any more."""
    deadline = time.monotonic() + _SWEEP_SECONDS
    while _has_children():
        if time.monotonic() >= deadline:
            return False
        kill_descendants()
        time.sleep(0.002)
    return True


def _has_children() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
