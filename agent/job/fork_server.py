"""Starts the process that forks the jobs, and the one that multiprocessing keeps beside it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver, resource_tracker
from pathlib import Path

# Nothing forks on Windows.
assert sys.platform != "win32"

#: A socket's path has about a hundred bytes; "/pymp-12345678/listener-12345678" comes on top.
_LONGEST_FOLDER = 70


def start(run: Path) -> None:
    """It loads the engine while the caller goes on. Its socket lies in *run*, where that can be."""
    _start_tracker()
    with _temporary_files_in(run):
        forkserver.ensure_running()


def _start_tracker() -> None:
    """Start the process that multiprocessing keeps for itself.

    A closed terminal and Ctrl-\\ mean the agent, as in `agent.job.preload`: the tracker goes with
    the agent, and multiprocessing would warn of one that went before. It inherits what is blocked
    here, and unblocks no more than SIGINT and SIGTERM, which it ignores.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP, signal.SIGQUIT))
    try:
        resource_tracker.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Where multiprocessing makes its folder, and leaves it.

    A path in it must not be too long for a socket; where it is, another folder has to do.
    """
    before = tempfile.tempdir
    others = (tempfile.gettempdir(), "/tmp", "/var/tmp")  # noqa: S108 - it makes a folder of its own
    for candidate in (str(folder), *others):
        if len(os.fsencode(candidate)) <= _LONGEST_FOLDER and os.access(candidate, os.W_OK):
            tempfile.tempdir = candidate
            break
    try:
        yield
    finally:
        tempfile.tempdir = before
