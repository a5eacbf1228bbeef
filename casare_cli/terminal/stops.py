"""Ctrl-Z and fg while a program has changed the terminal's modes or its screen."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def around_stops(leave: Callable[[], None], come_back: Callable[[], None]) -> Iterator[None]:
    """Call *leave* before Ctrl-Z stops the program, and *come_back* when it goes on (fg).

    Both are called by signals, in the midst of anything; *come_back* also after a stop that nobody
    announced, and maybe twice.
    """
    if sys.platform == "win32" or signal.getsignal(signal.SIGTSTP) != signal.SIG_DFL:
        yield  # no such keys, or a shell that cannot bring back what it stops
        return

    def stop(number: int, frame: FrameType | None) -> None:
        leave()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, stop)
        come_back()  # where no shell controls the program, it was not stopped and no SIGCONT comes

    before = signal.signal(signal.SIGCONT, lambda number, frame: come_back())
    signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        signal.signal(signal.SIGCONT, before)
