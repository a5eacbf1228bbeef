"""The agent's journal: one append-only file for each attempt, on disk before anything is done."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from agent.journal.records import Record, pack, read_records, row_of
from agent.machine.disk import O_BINARY
from casare_rpa import faults
from casare_rpa.domain.json_values import Json

log = logging.getLogger(__name__)

SUFFIX = ".journal"
#: Follows SUFFIX while a journal is written anew; a start removes what a crash left.
NEW_SUFFIX = ".new"
SYNC_BYTES = 64 << 10
_AT_ITS_END = os.O_RDWR | os.O_APPEND | O_BINARY


class Journal:
    """An open journal: one thread appends, any thread may read what was appended.

    Appending raises OSError when the disk does not take the record; the file is then as before.
    """

    def __init__(self, path: Path, descriptor: int, size: int, *, fsync_seconds: float) -> None:
        self.path = path
        self.size = size
        self._descriptor = descriptor
        self._fsync_seconds = fsync_seconds
        self._synced_size = size
        self._unsynced_since: float | None = None
        self._lock = threading.Lock()

    @classmethod
    def create(cls, path: Path, grant: Json, *, fsync_seconds: float) -> Journal:
        """A new journal that begins with *grant*, on disk with its name when this returns.

        Raises FileExistsError when the attempt has a journal already, and OSError when it cannot
        be written; then there is none.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | O_BINARY
        journal = cls(path, os.open(path, flags, 0o600), 0, fsync_seconds=fsync_seconds)
        try:
            journal.append({"kind": "grant", "grant": grant}, sync=True)
            sync_folder(path.parent)
        except OSError:
            journal.remove()
            raise
        return journal

    @classmethod
    def reopen(cls, path: Path, *, fsync_seconds: float) -> Journal:
        """A journal left by an earlier start, its torn tail cut off."""
        good = 0
        for record in read_records(path):
            good = record.end
        descriptor = os.open(path, _AT_ITS_END)
        torn = os.fstat(descriptor).st_size - good
        if torn:
            log.warning("%s: %d bytes after the last whole record were cut off", path.name, torn)
            os.ftruncate(descriptor, good)
            os.fsync(descriptor)
        return cls(path, descriptor, good, fsync_seconds=fsync_seconds)

    @classmethod
    def rewrite(cls, path: Path, payloads: Iterable[bytes]) -> None:
        """Put a journal of *payloads* in the place of *path*: all of it is there, or none."""
        new = path.with_name(path.name + NEW_SUFFIX)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | O_BINARY, 0o600)
        try:
            for payload in payloads:
                _write_all(descriptor, pack(payload))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.replace(path)
        sync_folder(path.parent)

    def append(self, record: Json, *, sync: bool = False) -> None:
        self.append_bytes(orjson.dumps(record), kind=record.get("kind", ""), sync=sync)

    def append_bytes(self, payload: bytes, *, kind: str = "events", sync: bool = False) -> None:
        """Write a record; with *sync* it is on disk when this returns, else soon."""
        faults.point("append", kind)
        data = pack(payload)
        with self._lock:
            try:
                _write_all(self._descriptor, data)
            except OSError:
                os.ftruncate(self._descriptor, self.size)
                raise
            self.size += len(data)
            if self._unsynced_since is None:
                self._unsynced_since = time.monotonic()
        if sync or self.size - self._synced_size >= SYNC_BYTES:
            self.sync()
        faults.point("appended", kind)

    def sync(self) -> None:
        with self._lock:
            if self._unsynced_since is not None:
                os.fsync(self._descriptor)
                self._synced_size, self._unsynced_since = self.size, None

    def sync_due_seconds(self) -> float | None:
        """Time until a sync is due; None when everything is on disk."""
        since = self._unsynced_since
        if since is None:
            return None
        return max(0.0, since + self._fsync_seconds - time.monotonic())

    def records(self, start: int = 0, limit: int | None = None) -> Iterator[Record]:
        """What is written between the offsets *start* and *limit*.

        Read through the open file where the system can: a job may have deleted its name.
        """
        limit = self.size if limit is None else limit
        if sys.platform == "win32" or self._descriptor < 0:
            return read_records(self.path, start=start, limit=limit)
        return row_of(_ReadAt(self._descriptor, start).read, start, limit)

    def forget(self, offset: int, next_index: int) -> int:
        """Drop the events before *offset*, which are acknowledged up to *next_index*.

        The offset at which the rest begins. Raises OSError when there is no room for a copy of the
        rest; the journal is then as before.
        """
        with self._lock:
            kept = [r.payload for r in self.records(limit=offset) if not r.holds_events]
            head = b"".join(map(pack, (_moved_on(kept[0], next_index), *kept[1:])))
            self._write_anew(head, offset)
            self.size = self._synced_size = self.size - offset + len(head)
            self._unsynced_since = None
        with contextlib.suppress(OSError):  # a disk that refuses this has refused the rest before
            sync_folder(self.path.parent)
        return len(head)

    def _write_anew(self, head: bytes, offset: int) -> None:
        """Put *head* and what is behind *offset* in the journal's place."""
        new = self.path.with_name(self.path.name + NEW_SUFFIX)
        descriptor = os.open(new, _AT_ITS_END | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write_all(descriptor, head)
            with self.path.open("rb") as old, os.fdopen(descriptor, "wb", closefd=False) as file:
                old.seek(offset)
                shutil.copyfileobj(old, file, SYNC_BYTES)
            os.fsync(descriptor)
            if sys.platform != "win32":
                new.replace(self.path)
        except OSError:
            os.close(descriptor)
            new.unlink(missing_ok=True)
            raise
        if sys.platform == "win32":
            os.close(descriptor)
            self._take_place(new)
        else:
            os.close(self._descriptor)
            self._descriptor = descriptor

    def _take_place(self, new: Path) -> None:
        """Put *new* in the journal's place where no file is replaced that is open (Windows)."""
        os.close(self._descriptor)
        try:
            new.replace(self.path)
        finally:
            self._descriptor = os.open(self.path, _AT_ITS_END)
            new.unlink(missing_ok=True)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """The attempt is acknowledged: nobody will ask again."""
        self.close()
        self.path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Put the names in *folder* on disk, where the system has a way to do so."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _moved_on(grant: bytes, next_index: int) -> bytes:
    """The grant's record for a journal that begins with the event *next_index*."""
    record = orjson.loads(grant)
    return orjson.dumps({**record, "grant": {**record["grant"], "next_index": next_index}})


class _ReadAt:
    """Reads on from *position*, whatever else is done with the descriptor meanwhile."""

    def __init__(self, descriptor: int, position: int) -> None:
        self._descriptor = descriptor
        self._position = position

    def read(self, size: int) -> bytes:
        if sys.platform == "win32":
            raise NotImplementedError  # files are read by their names there
        found = os.pread(self._descriptor, size, self._position)
        self._position += len(found)
        return found


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
