"""SIGTERM as an exception, for commands that have something to say before they end."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn


class Terminated(BaseException):
    """SIGTERM came, as KeyboardInterrupt stands for SIGINT."""


@contextmanager
def sigterm_raises() -> Iterator[None]:
    """Raises Terminated in the block when SIGTERM comes."""

    def terminate(number: int, frame: Any) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
