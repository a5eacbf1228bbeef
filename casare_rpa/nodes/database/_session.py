"""An open session with a database: the part that blocks, used by one thread at a time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.database._address import Address
from casare_rpa.nodes.database._drivers import Cursor, MayOpen, driver_of
from casare_rpa.nodes.database._statement import Parameters, Sql, prepare


class Session:
    """One session. The driver commits each statement unless `begin` was called before it."""

    def __init__(self, address: Address, may_open: MayOpen, *, auto_commit: bool) -> None:
        """Connect. Raises the driver's errors, and NodeError if the driver is not installed."""
        self._driver = driver_of(address)
        self._auto_commit = auto_commit
        self._engine = _engine(address, self._driver.dialect, self._driver.arguments(address))
        self._connection = self._engine.connect()
        self._raw = self._connection.connection.driver_connection
        self._driver.confine(self._raw, may_open)

    @property
    def in_transaction(self) -> bool:
        return self._driver.in_transaction(self._raw)

    def begin(self) -> None:
        """Open a transaction. Raises NodeError if one was opened before."""
        if not self.in_transaction:
            self._command(self._driver.begin)
        elif self._auto_commit:
            raise NodeError(
                "a transaction is open already: commit it or roll it back first",
                ErrorCode.INVALID_INPUT,
            )

    def commit(self) -> bool:
        """Commit; False if nothing was open.

        Raises NodeError if a statement failed in it, for then the database would roll it back
        without a word.
        """
        if self._driver.is_aborted(self._raw):
            self._command("ROLLBACK")
            raise NodeError(
                "a statement failed in this transaction, so it was rolled back and not committed",
                ErrorCode.VALIDATION_FAILED,
            )
        return self._end("COMMIT")

    def rollback(self) -> bool:
        """Roll back; False if nothing was open."""
        return self._end("ROLLBACK")

    def undoes_transaction(self, error: Exception) -> bool:
        """Whether the database has rolled all of an open transaction back because of *error*."""
        return self._driver.undoes_transaction(error)

    @contextlib.contextmanager
    def answer(self, sql: Sql, parameters: Parameters = ()) -> Iterator[Cursor]:
        """The cursor of a statement that was just executed."""
        statement = prepare(self._driver.style(self._raw), sql, parameters)
        with (
            self._opened_transaction(),
            self._driver.answer(self._raw, statement, self.stop) as cursor,
        ):
            yield cursor

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """All of the block or nothing of it; inside a transaction that is left to the caller."""
        if self.in_transaction:
            yield
            return
        self._command(self._driver.begin)
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        if self._auto_commit:
            self.commit()

    @contextlib.contextmanager
    def saved(self) -> Iterator[None]:
        """A failure in the block leaves an open transaction as it was before."""
        if not self.in_transaction:
            yield
            return
        self._command("SAVEPOINT casare_rpa")
        try:
            yield
        except BaseException:
            self._command("ROLLBACK TO SAVEPOINT casare_rpa")
            raise
        # A statement may have ended the transaction, and the savepoint with it.
        if self.in_transaction:
            self._command("RELEASE SAVEPOINT casare_rpa")

    def inspector(self) -> Any:
        """SQLAlchemy's view of the tables."""
        import sqlalchemy  # noqa: PLC0415 - takes long to load

        return sqlalchemy.inspect(self._connection)

    def stop(self) -> None:
        """End the statement that runs at the moment; safe from another thread."""
        self._driver.stop(self._raw, self._engine.raw_connection)

    def close(self) -> bool:
        """Close; whether a transaction was open, which is rolled back."""
        with contextlib.suppress(Exception):  # it may be gone, and there is no more to do for it
            open_one = self.rollback()
            self._connection.close()
            return open_one
        self._connection.invalidate()
        self._connection.close()
        return False

    @contextlib.contextmanager
    def _opened_transaction(self) -> Iterator[None]:
        """Without auto_commit the first statement opens a transaction, if it succeeds."""
        if self._auto_commit or self.in_transaction:
            yield
            return
        self._command(self._driver.begin)
        try:
            yield
        except BaseException:
            self.rollback()
            raise

    def _end(self, how: str) -> bool:
        if not self.in_transaction:
            return False
        self._command(how)
        return True

    def _command(self, sql: str) -> None:
        with contextlib.closing(self._raw.cursor()) as cursor:
            cursor.execute(sql)


def _engine(address: Address, dialect: str, arguments: dict[str, Any]) -> Any:
    try:
        import sqlalchemy  # noqa: PLC0415 - takes long to load

        url = sqlalchemy.URL.create(
            dialect,
            username=address.username or None,
            password=address.password or None,
            host=address.host or None,
            port=address.port or None,
            database=address.database,
            query=dict(address.query),
        )
        return sqlalchemy.create_engine(
            url,
            poolclass=sqlalchemy.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=arguments,
        )
    except ImportError as error:
        raise NodeError(
            f"{address.kind} needs the library {error.name}, which is not installed: "
            "pip install 'casare-rpa[databases]'",
            ErrorCode.CONFIG_INVALID,
        ) from error
