"""Single keys from a terminal, as a full-screen view needs them."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keys() -> Iterator[Callable[[float], str]]:
    """A function that waits that many seconds for a key; "" if none is pressed.

    Keys are not echoed meanwhile; Ctrl-C stays Ctrl-C. Where stdin is no POSIX terminal there are
    no keys, only the wait.
    """
    try:
        import termios
        import tty

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (ImportError, AttributeError, ValueError, OSError):
        yield _wait
        return
    try:
        tty.setcbreak(descriptor)
        yield lambda seconds: _key(descriptor, seconds)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def _wait(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(descriptor: int, seconds: float) -> str:
    readable, _, _ = select.select([descriptor], [], [], seconds)
    # An end of the input is a q: there is nobody who could press one.
    return (os.read(descriptor, 1).decode("latin-1") or "q") if readable else ""
