"""The three streams that every program expects to have."""

from __future__ import annotations

import errno
import io
import os
import sys


def open_missing_streams() -> None:
    """Give a program that was started with closed streams some that lead nowhere.

    Else the next files that are opened, a database or a journal perhaps, would be its streams.
    """
    handle = os.open(os.devnull, os.O_RDWR)
    while handle <= 2:
        handle = os.open(os.devnull, os.O_RDWR)
    os.close(handle)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


class ClosedStream(io.TextIOBase):
    """Stands for a stream that the program was started without: what is written to it fails."""

    def write(self, text: str, /) -> int:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
