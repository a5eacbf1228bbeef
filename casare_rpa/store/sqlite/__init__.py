"""SQLite: one file, one orchestrator, nothing to install."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from filelock import FileLock

from casare_rpa.errors import Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store.base import OnChange
from casare_rpa.store.migrate import migrate
from casare_rpa.store.sql import SqlStore
from casare_rpa.store.sqlite.files import look_into, not_opened, path_of, refusal
from casare_rpa.store.sqlite.group_commit import GroupCommit, said
from casare_rpa.store.sqlite.lock import lock
from casare_rpa.store.tx import T, Tx

_FREE_PAGES_AT_ONCE = 4000
#: How long to wait for another program that has locked the file, or for a free reader.
_BUSY_SECONDS = 5.0


def open_store(
    url: str,
    settings: Settings,
    *,
    on_change: OnChange | None = None,
    clock: Callable[[], float] | None = None,
) -> SqliteStore:
    return SqliteStore(path_of(url), settings, on_change=on_change, clock=clock)


class SqliteStore(SqlStore):
    """Holds the lock beside the file until `close`. Raises ServerFailed when another has it."""

    database = "sqlite"
    #: Writers that wait together are committed together, so this is also the size of a group.
    callers = 32

    def __init__(
        self,
        path: Path,
        settings: Settings,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(settings, on_change=on_change, clock=clock)
        self._path = path
        self._lock = _locked(path)
        self._writing = _engine(path, _prepare_writer, begin="BEGIN IMMEDIATE", pool_size=1)
        self._reading = _engine(
            path, _prepare_reader, begin="BEGIN", pool_size=self.callers, mode="ro"
        )
        try:
            connection = self._migrated()
        except BaseException:
            self._writing.dispose()
            self._lock.release()
            raise
        self._connection = connection
        self._writer = GroupCommit(connection, self._tx, self._announce, self._note_refusal)
        self._is_closed = False

    def _migrated(self) -> sa.Connection:
        connection = None
        try:
            connection = self._writing.connect()
            with connection.begin():
                migrate(connection)
        except BaseException as error:
            if connection is not None:
                connection.close()
            if isinstance(error, sa.exc.DBAPIError) and isinstance(error.orig, sqlite3.Error):
                raise refusal(error.orig, self._path) from error
            raise
        return connection

    @property
    def broken(self) -> str | None:
        return self._writer.broken

    def _write(self, operation: Callable[[Tx], T]) -> T:
        return self._writer.run(operation)

    def _read(self, operation: Callable[[Tx], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return operation(self._tx(connection))
        except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
            raise Unavailable(f"the database cannot be read: {said(error)}") from error

    def housekeep(self) -> int:
        deleted = super().housekeep()
        self._write(_give_pages_back)
        return deleted

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(Unavailable):  # some seconds of "last seen" are not worth a failed stop
            self._flush_contacts()
        self._writer.close()
        # The readers first: the last connection to close writes the log into the file (P21).
        self._reading.dispose()
        self._connection.close()
        self._writing.dispose()
        self._lock.release()


def _locked(path: Path) -> FileLock:
    """One orchestrator to a file (P20)."""
    held = lock(path)
    try:
        # Inputs and results of jobs are nobody else's business; SQLite's other files inherit this.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        # Before anything is written: how SQLite keeps its log is written into the file.
        look_into(path, "mode=ro").close()
    except BaseException as error:
        held.release()
        if isinstance(error, OSError):
            raise not_opened(path, error) from error
        if isinstance(error, sqlite3.Error):
            raise refusal(error, path) from error
        raise
    return held


def _engine(
    path: Path,
    prepare: Callable[[sqlite3.Connection], None],
    *,
    begin: str,
    pool_size: int,
    mode: str = "rw",
) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,  # BEGIN is ours
            check_same_thread=False,
        )
        prepare(connection)
        return connection

    engine = sa.create_engine(
        "sqlite://",
        creator=connect,
        poolclass=sa.pool.QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_use_lifo=True,  # few of them in use, and their caches warm
        pool_timeout=_BUSY_SECONDS,
    )

    @sa.event.listens_for(engine, "begin")
    def began(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _prepare_writer(connection: sqlite3.Connection) -> None:
    # Only an empty file takes this setting: it must come before everything else.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("PRAGMA cache_size = -65536")


def _prepare_reader(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA temp_store = MEMORY")


def _give_pages_back(tx: Tx) -> None:
    driver = tx.db.connection.driver_connection
    assert driver is not None
    driver.execute(f"PRAGMA incremental_vacuum({_FREE_PAGES_AT_ONCE})").fetchall()
