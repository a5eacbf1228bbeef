"""What differs between the databases: opening, asking, stopping, and where a transaction stands.

All functions block and run in a thread. `Raw` is the connection of the driver itself.
"""

from __future__ import annotations

import contextlib
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, TypeAlias

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.database._address import Address
from casare_rpa.nodes.database._marks import MYSQL, MYSQL_PLAIN, POSTGRESQL, SQLITE, Style
from casare_rpa.nodes.database._statement import Statement

Raw: TypeAlias = Any
Cursor: TypeAlias = Any
#: Says whether a statement may open the file of this name.
MayOpen: TypeAlias = Callable[[str], bool]

_CANCEL_SECONDS = 3.0
#: MySQL's number for it.
_DEADLOCK = 1213
_FIRST_WORD = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(\w+)", re.DOTALL)
_MAY_WRITE = re.compile(r"\b(?:insert|update|delete|merge|into|share)\b", re.IGNORECASE)


class Driver(ABC):
    """One kind of database."""

    dialect: ClassVar[str]
    begin: ClassVar[str] = "BEGIN"

    @abstractmethod
    def style(self, raw: Raw) -> Style:
        """How SQL is written in this session."""

    @abstractmethod
    def arguments(self, address: Address) -> dict[str, Any]:
        """What the driver's `connect` takes beyond the parts of a URL."""

    def confine(self, raw: Raw, may_open: MayOpen) -> None:
        """Let statements open files of this machine only where nodes may, if they can at all."""
        return

    @abstractmethod
    def in_transaction(self, raw: Raw) -> bool: ...

    def is_aborted(self, raw: Raw) -> bool:
        """Whether an error has made the open transaction one that can only be rolled back."""
        return False

    def undoes_transaction(self, error: Exception) -> bool:
        """Whether *error* has ended the open transaction without a word."""
        return False

    @abstractmethod
    def stop(self, raw: Raw, connect_again: Callable[[], Raw]) -> None:
        """End the statement that runs in another thread; the connection stays open."""

    @contextlib.contextmanager
    def answer(self, raw: Raw, statement: Statement, stop: Callable[[], None]) -> Iterator[Cursor]:
        """The cursor of *statement*, its rows not yet read.

        *stop* ends the statement, for a reader that wants no more.
        """
        with contextlib.closing(raw.cursor()) as cursor:
            execute(cursor, statement)
            yield cursor


def execute(cursor: Cursor, statement: Statement) -> None:
    if statement.values is None:
        cursor.execute(statement.sql)
    else:
        cursor.execute(statement.sql, statement.values)


class Sqlite(Driver):
    dialect = "sqlite"

    def style(self, raw: Raw) -> Style:
        return SQLITE

    def arguments(self, address: Address) -> dict[str, Any]:
        # Its statements run in one thread after the other, never in two at once.
        return {"timeout": address.timeout_seconds, "check_same_thread": False}

    def confine(self, raw: Raw, may_open: MayOpen) -> None:
        from sqlite3 import SQLITE_ATTACH, SQLITE_DENY, SQLITE_OK  # noqa: PLC0415 - seldom needed

        def authorize(action: int, name: str | None, *_: object) -> int:
            # VACUUM INTO attaches its file too. A name that is no literal arrives as None.
            if action != SQLITE_ATTACH or name in ("", ":memory:"):
                return SQLITE_OK
            return SQLITE_OK if name and may_open(name) else SQLITE_DENY

        raw.set_authorizer(authorize)

    def in_transaction(self, raw: Raw) -> bool:
        return bool(raw.in_transaction)

    def stop(self, raw: Raw, connect_again: Callable[[], Raw]) -> None:
        raw.interrupt()


class Postgresql(Driver):
    dialect = "postgresql+psycopg"

    def style(self, raw: Raw) -> Style:
        return POSTGRESQL

    def arguments(self, address: Address) -> dict[str, Any]:
        # Poolers between here and the server forget prepared statements.
        found: dict[str, Any] = {
            "connect_timeout": max(2, round(address.timeout_seconds)),
            "prepare_threshold": None,
            "application_name": "casare-rpa",
        }
        if address.ssl or address.ssl_ca:
            found |= {"sslmode": "verify-full", "sslrootcert": address.ssl_ca or "system"}
        return found

    def in_transaction(self, raw: Raw) -> bool:
        from psycopg.pq import TransactionStatus as Status  # noqa: PLC0415 - loaded by connecting

        return raw.info.transaction_status in (Status.INTRANS, Status.INERROR)

    def is_aborted(self, raw: Raw) -> bool:
        from psycopg.pq import TransactionStatus as Status  # noqa: PLC0415 - loaded by connecting

        return bool(raw.info.transaction_status == Status.INERROR)

    def stop(self, raw: Raw, connect_again: Callable[[], Raw]) -> None:
        raw.cancel_safe(timeout=_CANCEL_SECONDS)

    @contextlib.contextmanager
    def answer(self, raw: Raw, statement: Statement, stop: Callable[[], None]) -> Iterator[Cursor]:
        if not only_reads(statement.sql):
            with super().answer(raw, statement, stop) as cursor:
                yield cursor
            return
        # Any other cursor would hold all rows in memory before the first is seen.
        held = not self.in_transaction(raw)
        cursor = raw.cursor(name="casare_rpa", withhold=held)
        try:
            cursor.itersize = 1000
            execute(cursor, statement)
            yield cursor
        finally:
            _close_at_server(cursor, raw.Error)


class Mysql(Driver):
    dialect = "mysql+pymysql"
    begin = "START TRANSACTION"

    def style(self, raw: Raw) -> Style:
        from pymysql.constants import SERVER_STATUS  # noqa: PLC0415 - loaded by connecting

        plain = raw.server_status & SERVER_STATUS.SERVER_STATUS_NO_BACKSLASH_ESCAPES
        return MYSQL_PLAIN if plain else MYSQL

    def arguments(self, address: Address) -> dict[str, Any]:
        found: dict[str, Any] = {
            "connect_timeout": address.timeout_seconds,
            "charset": address.charset or "utf8mb4",
        }
        if address.ssl or address.ssl_ca:
            found["ssl"] = _verifying(address.ssl_ca)
        return found

    def in_transaction(self, raw: Raw) -> bool:
        from pymysql.constants import SERVER_STATUS  # noqa: PLC0415 - loaded by connecting

        return bool(raw.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)

    def undoes_transaction(self, error: Exception) -> bool:
        return error.args[:1] == (_DEADLOCK,)

    def stop(self, raw: Raw, connect_again: Callable[[], Raw]) -> None:
        with (
            contextlib.closing(connect_again()) as other,
            contextlib.closing(other.cursor()) as cursor,
        ):
            cursor.execute("KILL QUERY %s", (raw.thread_id(),))

    @contextlib.contextmanager
    def answer(self, raw: Raw, statement: Statement, stop: Callable[[], None]) -> Iterator[Cursor]:
        from pymysql.cursors import SSCursor  # noqa: PLC0415 - loaded by connecting

        cursor = raw.cursor(SSCursor)
        try:
            execute(cursor, statement)
            yield cursor
        except NodeError:
            stop()
            raise
        finally:
            # Closing reads what is left, which is an error once the statement was stopped.
            with contextlib.suppress(raw.Error):
                cursor.close()


def _close_at_server(cursor: Cursor, of_driver: type[Exception]) -> None:
    """Close it, also when it is only the closing that finds the connection lost."""
    try:
        cursor.close()
    except of_driver:
        cursor.close()  # asks the server no more, now that the driver knows


def only_reads(sql: str) -> bool:
    """Whether *sql* is sure to be a query that a server-side cursor can walk through."""
    first = _FIRST_WORD.match(sql)
    if first is None or first[1].lower() not in ("select", "with", "values", "table"):
        return False
    return not _MAY_WRITE.search(sql)


def _verifying(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise NodeError(f"ssl_ca cannot be read: {error}", ErrorCode.CONFIG_INVALID) from error


_DRIVERS: dict[str, Driver] = {"sqlite": Sqlite(), "postgresql": Postgresql(), "mysql": Mysql()}


def driver_of(address: Address) -> Driver:
    return _DRIVERS[address.kind]
