"""One thread that does all writes, many operations to a COMMIT (P1, P21, P22).

While one COMMIT waits for the disk, the next operations gather; they then share a transaction, and
are answered after its COMMIT. One that fails undoes nobody else: most fail before they write
anything; where one did write, all are run anew, each in a savepoint of its own. So an operation
may be called twice, as it may on PostgreSQL.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import sqlalchemy as sa

from casare_rpa import faults
from casare_rpa.errors import CasareError, Unavailable
from casare_rpa.store.records import Change
from casare_rpa.store.tx import T, Tx

log = logging.getLogger(__name__)
_LARGEST_GROUP = 256
#: Errors of the file after which its content is in doubt. A failed write (disk full, file limit)
#: is not among them: nothing of that transaction can have become valid.
_FATAL_CODES = frozenset(
    {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN}
)


class _HalfDone(Exception):
    """An operation failed after it had written something."""


@dataclass(slots=True, kw_only=True)
class _Work:
    operation: Callable[[Tx], Any]
    result: Any = None
    error: BaseException | None = None
    #: Held until there is an answer.
    _pending: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._pending.acquire()

    def settle(self) -> None:
        self._pending.release()

    def answer(self) -> Any:
        with self._pending:
            if self.error is not None:
                raise self.error
            return self.result


class GroupCommit:
    """Owns the connection from now on; `close` gives it back after the last COMMIT."""

    def __init__(
        self,
        connection: sa.Connection,
        begin: Callable[[sa.Connection], Tx],
        announce: Callable[[Sequence[Change]], None],
        note_refusal: Callable[[str], None],
    ) -> None:
        self._connection = connection
        self._begin = begin
        self._announce = announce
        self._note_refusal = note_refusal
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self.broken: str | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, operation: Callable[[Tx], T]) -> T:
        """Wait until *operation* is committed. Raises what it raised, or Unavailable."""
        work = _Work(operation=operation)
        with self._lock:
            if self._closed:
                raise Unavailable("the store is closed")
            self._queue.put(work)
        return cast(T, work.answer())

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            group, is_last = self._gather()
            if group:
                self._commit(group)
                for work in group:
                    work.settle()

    def _gather(self) -> tuple[list[_Work], bool]:
        """Everything that waits, at least one; and whether that was the end."""
        group: list[_Work] = []
        work = self._queue.get()
        while work is not None:
            group.append(work)
            if len(group) == _LARGEST_GROUP:
                return group, False
            try:
                work = self._queue.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _commit(self, group: list[_Work]) -> None:
        try:
            if self.broken is not None:
                raise Unavailable(f"the database cannot be trusted any more: {self.broken}")
            try:
                changes = self._transaction(group, self._execute)
            except _HalfDone:
                changes = self._transaction(group, self._execute_in_savepoint)
            for work in group:
                faults.point("committed", work.operation)
        except BaseException as error:  # nothing was committed, whatever it was: say so to all
            refusal = self._refusal(error)
            for work in group:
                work.error = refusal
            return
        self._announce(changes)

    def _transaction(
        self, group: list[_Work], execute: Callable[[_Work], list[Change]]
    ) -> list[Change]:
        changes: list[Change] = []
        with self._connection.begin():
            for work in group:
                changes += execute(work)
            for work in group:
                faults.point("commit", work.operation)
        return changes

    def _execute(self, work: _Work) -> list[Change]:
        """Run one operation. Raises _HalfDone if it fails and there is something to undo."""
        tx = self._begin(self._connection)
        driver = self._driver
        written = driver.total_changes
        work.error = None
        try:
            work.result = work.operation(tx)
        except sa.exc.OperationalError:
            raise  # the database itself: it may have undone the whole transaction
        except Exception as error:
            work.error = error
            if driver.total_changes != written:
                raise _HalfDone from error
            return []
        return tx.changes

    def _execute_in_savepoint(self, work: _Work) -> list[Change]:
        """Run one operation; what fails in it undoes it alone."""
        self._driver.execute("SAVEPOINT operation")
        changes: list[Change] = []
        try:
            changes = self._execute(work)
        except _HalfDone:
            self._driver.execute("ROLLBACK TO operation")
        self._driver.execute("RELEASE operation")
        return changes

    @property
    def _driver(self) -> sqlite3.Connection:
        return cast(sqlite3.Connection, self._connection.connection.dbapi_connection)

    def _refusal(self, error: BaseException) -> CasareError:
        if isinstance(error, CasareError):
            return error
        reason = said(error)
        self._note_refusal(reason)
        if _is_fatal(error):
            log.error("a write failed, and what the database holds is in doubt: %s", reason)
            self.broken = reason
        return Unavailable(f"the database cannot be written: {reason}")


def said(error: BaseException) -> str:
    """The database's own words, without SQLAlchemy's around them."""
    return str(getattr(error, "orig", None) or error)


def _is_fatal(error: BaseException) -> bool:
    if not isinstance(error, sa.exc.DBAPIError):
        return True
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        return True
    return code != sqlite3.SQLITE_IOERR_WRITE and code & 0xFF in _FATAL_CODES
