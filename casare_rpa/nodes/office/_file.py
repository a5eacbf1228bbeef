"""A workbook or document that is open, as far as both are the same."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import IO, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.disk import make_parent, not_found, replacing
from casare_rpa.nodes.office._package import Format, is_signed, read_package

Stamp = tuple[int, int, int]


class OfficeFile:
    """A workbook or document that is open: its content in memory, changed there until it is saved.

    `lock` is held by whoever works with it: branches that run side by side wait for each other.
    As text, and so in events and results, it is its path.
    """

    format: ClassVar[Format]

    def __init__(self, path: Path, *, read_only: bool, create: bool) -> None:
        """Read *path*, or begin a new one with *create* if there is none. Raises NodeError."""
        self.path = path
        self.read_only = read_only
        self.lock = threading.RLock()
        self.is_open = True
        self.holders = 1
        self._stamp = _stamp(path)
        if self._stamp is None and not create:
            raise not_found(path, f"{self.format.program} {self.format.what}")
        self.is_new = self._stamp is None
        if self.is_new:
            self._check_new()
        raw = b"" if self.is_new else read_package(path, self.format)
        self.is_signed = bool(raw) and is_signed(raw)
        self._load(raw)

    def __str__(self) -> str:
        return str(self.path)

    __repr__ = __str__

    @property
    def changes(self) -> int:
        """How many changes are not saved yet."""
        raise NotImplementedError

    def _load(self, raw: bytes) -> None:
        """Take over the content of the file; nothing: begin a new one."""
        raise NotImplementedError

    def _write(self, stream: IO[bytes]) -> None:
        """Write all of it to *stream*."""
        raise NotImplementedError

    def _saved(self) -> None:
        """What was written is now what the file holds."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Read the file again if it is another one by now, and nothing here would be lost."""
        with self.lock:
            stamp = _stamp(self.path)
            if stamp is None or stamp == self._stamp or self.changes:
                return
            self._load(read_package(self.path, self.format))
            self._stamp, self.is_new = stamp, False

    def check_writable(self) -> None:
        """Raise NodeError if changes could not be saved, before there are any."""
        if self.read_only:
            raise NodeError(
                f"{self.path} was opened with read_only, so it cannot be changed"
                f"; set read_only of the {self.format.program}OpenNode to false",
                ErrorCode.PERMISSION_DENIED,
            )
        if not self.is_new and not os.access(self.path, os.W_OK):
            raise NodeError(f"{self.path} is read-only", ErrorCode.FILE_ACCESS_DENIED)

    def save(self) -> bool:
        """Write the file anew if anything was changed: all of it or nothing. Raises NodeError."""
        if not self.changes and not self.is_new:
            return False
        self.check_writable()
        if _stamp(self.path) != self._stamp:
            raise NodeError(
                f"{self.path} was changed by somebody else since it was opened: it is not saved, so"
                " that nothing of theirs is lost"
                "; open, change and close it without long waits in between",
                ErrorCode.RESOURCE_LOCKED,
            )
        make_parent(self.path, wanted=True)
        with replacing(self.path, overwrite=not self.is_new) as stream:
            self._write(stream)
        self._stamp, self.is_new = _stamp(self.path), False
        self._saved()
        return True

    def _check_new(self) -> None:
        if self.path.suffix.lower() != self.format.suffix:
            raise NodeError(
                f"{self.path} is not there, and only {self.format.suffix} files can be created",
                ErrorCode.FILE_NOT_FOUND,
            )


def _stamp(path: Path) -> Stamp | None:
    """What tells that a file is another one, or changed; None if there is none."""
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_ino, about.st_size, about.st_mtime_ns
