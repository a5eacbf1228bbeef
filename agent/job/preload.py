"""Imported once by the process that forks the jobs, so that a job starts in milliseconds.

Only the fork server imports it. What it loads is shared by all jobs, and none of it may start a
thread: a fork would lose it.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pickle import UnpicklingError
from types import TracebackType

import psutil

import agent.job.guard
import agent.job.process
import casare_rpa.nodes.http._client
from casare_rpa import engine
from casare_rpa.nodes import catalogue

# Nothing forks on Windows.
assert sys.platform != "win32"

__all__ = ["agent", "asyncio", "casare_rpa", "psutil"]

for name in engine.__all__:
    getattr(engine, name)  # the engine loads its parts when they are first asked for
catalogue.load_families()
catalogue.entries()

# A closed terminal and a kill of the process group mean the agent; it tells its jobs itself.
for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(number, signal.SIG_IGN)

_usual_hook = sys.excepthook


def _say_what_broke(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Say it, unless a forked process only found its agent gone before it was told what to be.

    All that such a process would say is a traceback of multiprocessing's.
    """
    if not isinstance(error, (EOFError, UnpicklingError)):
        _usual_hook(kind, error, trace)


sys.excepthook = _say_what_broke

# What is loaded now stays: a collection in a job would copy every page only to look at it.
gc.collect()
gc.freeze()
