"""Room on the disk: a floor for new jobs and a reserve for the last words of running ones."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)

RESERVE_BYTES = 2 << 20
#: For what `os.write` writes: Windows would put a carriage return before each line feed.
O_BINARY: int = getattr(os, "O_BINARY", 0)


class Reserve:
    """A file that holds room on a disk, to be given up when the disk is full."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self._refused = False

    @property
    def held(self) -> bool:
        try:
            return self._path.stat().st_size >= self._size
        except OSError:
            return False

    def hold(self) -> None:
        """Take the room, unless it is held already or the disk has none."""
        if self.held:
            return
        try:
            with open(self._path, "wb", opener=_private) as file:
                # Written, not only promised: a sparse file would hold no room.
                file.write(b"\0" * self._size)
        except OSError as error:
            if not self._refused:
                log.warning("no room on the disk could be reserved: %s", error)
            self._refused = True
            self.release()
        else:
            self._refused = False

    def release(self) -> None:
        """Give the room up."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
