"""A terminal that was closed: what is written to it fails, and there is nobody to miss it."""

from __future__ import annotations

import os
import select
import stat
import sys
from contextlib import suppress
from typing import TextIO


def is_hung_up(descriptor: int) -> bool:
    """Whether *descriptor* is a terminal that is gone."""
    if sys.platform == "win32":
        return False  # poll is not there; a closed console ends its programs
    try:
        if not stat.S_ISCHR(os.fstat(descriptor).st_mode):
            return False
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return any(events & select.POLLHUP for _, events in poll.poll(0))
    except OSError:
        return False


def leave_hung_up(*streams: TextIO) -> bool:
    """Let those of *streams* that lead to a terminal that is gone lead nowhere; whether any did."""
    left = False
    for stream in streams:
        with suppress(OSError, ValueError):  # without a descriptor it is no terminal
            descriptor = stream.fileno()
            if is_hung_up(descriptor):
                _lead_nowhere(descriptor)
                left = True
    return left


def _lead_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
    finally:
        os.close(nowhere)
