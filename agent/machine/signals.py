"""Turns signals into commands for the agent's main thread.

SIGTERM, SIGINT and SIGHUP (the terminal was closed) ask in steps. SIGQUIT does not ask. A signal
that whoever started the agent chose to ignore, as nohup does with SIGHUP, stays ignored. SIGPIPE is
no signal for Python: a reader of the log that went away stops nothing.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_Handler = Callable[[int, FrameType | None], object]
_PATIENCE = 3


def _existing(*names: str) -> tuple[signal.Signals, ...]:
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


STOP_SIGNALS = _existing("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_AT_ONCE = _existing("SIGQUIT")


def leave_on_stop() -> None:
    """For the time before the agent has anything to lose: a stop signal ends it, in order.

    Call it first thing, before the slow imports, which a signal would end with a traceback.
    """
    _handle(STOP_SIGNALS, lambda number, frame: os._exit(0))
    _handle(_AT_ONCE, _end)


@contextmanager
def on_stop(command: Callable[[int], None]) -> Iterator[None]:
    """Call *command* with each stop signal while the block runs; the third ends the process.

    *command* runs between two steps of the main thread: it must not take a lock that this thread
    may hold. `queue.SimpleQueue.put` is fine. After the block signals are ignored: the process is
    about to end, and how it ends is decided.
    """
    received = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received >= _PATIENCE:
            _end(number, frame)
        command(number)

    _handle(STOP_SIGNALS, handle)
    _handle(_AT_ONCE, _end)
    try:
        yield
    finally:
        _handle((*STOP_SIGNALS, *_AT_ONCE), signal.SIG_IGN)


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    # Journals are whole at any moment, and the jobs' guards end with this process.
    os._exit(128 + number)


def _handle(numbers: tuple[signal.Signals, ...], handler: _Handler | signal.Handlers) -> None:
    for number in numbers:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
