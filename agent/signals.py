"""Turns signals into commands for the agent's main thread."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)
_PATIENCE = 3


@contextmanager
def on_stop(command: Callable[[int], None]) -> Iterator[None]:
    """Call *command* with each stop signal while the block runs; the third ends the process.

    *command* runs between two steps of the main thread: it must not take a lock that this thread
    may hold. `queue.SimpleQueue.put` is fine.
    """
    received = 0

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received >= _PATIENCE:
            # Journals are whole at any moment, and the jobs' guards end with this process.
            os._exit(128 + number)
        command(number)

    before = {number: signal.signal(number, handle) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
