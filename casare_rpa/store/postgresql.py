"""PostgreSQL: several orchestrators on one database, many robots."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import ConfigInvalid, InvalidInput, Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store.base import OnChange
from casare_rpa.store.clock import steady_clock
from casare_rpa.store.migrate import migrate
from casare_rpa.store.sql import SqlStore
from casare_rpa.store.tx import T, Tx

_MIGRATION_LOCK = 7_202_611_230_001
_TRIES = 5
#: Another transaction came between: unique violation, serialization failure, deadlock.
_TRY_AGAIN = frozenset({"23505", "40001", "40P01"})
_MEASURE_CLOCK_EVERY_SECONDS = 10.0


def open_store(
    url: str,
    settings: Settings,
    *,
    on_change: OnChange | None = None,
    clock: Callable[[], float] | None = None,
) -> PostgresStore:
    try:
        address = sa.make_url(url).set(drivername="postgresql+psycopg")
    except sa.exc.ArgumentError as error:
        raise ConfigInvalid("the database's address cannot be read") from error
    return PostgresStore(address, settings, on_change=on_change, clock=clock)


class PostgresStore(SqlStore):
    """A pool of connections; each thread's operation has one for its transaction."""

    database = "postgresql"

    def __init__(
        self,
        address: sa.URL,
        settings: Settings,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._engine = _engine(address)
        try:
            with self._engine.begin() as connection:
                lock = sa.text("SELECT pg_advisory_xact_lock(:lock)")
                connection.execute(lock, {"lock": _MIGRATION_LOCK})
                migrate(connection)
        except BaseException as error:
            self._engine.dispose()
            if isinstance(error, sa.exc.SQLAlchemyError):
                raise _refusal(error) from error
            raise
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        super().__init__(settings, on_change=on_change, clock=clock or DatabaseClock(self._engine))
        self._is_closed = False

    @property
    def broken(self) -> str | None:
        """Never: the database stops itself after a failed fsync."""
        return None

    def _write(self, operation: Callable[[Tx], T]) -> T:
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._engine.begin() as connection:
                    tx = self._tx(connection)
                    result = operation(tx)
            except sa.exc.SQLAlchemyError as error:
                if tries_left and _sqlstate(error) in _TRY_AGAIN:
                    continue
                raise _refusal(error) from error
            self._announce(tx.changes)
            return result
        raise AssertionError("the last try returns or raises")

    def _read(self, operation: Callable[[Tx], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return operation(self._tx(connection))
        except sa.exc.SQLAlchemyError as error:
            raise _refusal(error) from error

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(Unavailable):  # some seconds of "last seen" are not worth a failed stop
            self._flush_contacts()
        self._engine.dispose()


class DatabaseClock:
    """The database's clock, so that several orchestrators agree on the end of a lease.

    Asked now and then; in between this machine's steady clock goes on from there.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._steady = steady_clock()
        self._lock = threading.Lock()
        self._offset = 0.0
        self._measured = float("-inf")

    def __call__(self) -> float:
        if self._steady() - self._measured > _MEASURE_CLOCK_EVERY_SECONDS:
            self._measure()
        return self._steady() + self._offset

    def _measure(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            before = self._steady()
            with self._engine.connect() as connection:
                asked = sa.text("SELECT extract(epoch FROM clock_timestamp())::float8")
                seconds = float(connection.execute(asked).scalar_one())
            after = self._steady()
            self._offset = seconds - (before + after) / 2
            self._measured = after
        finally:
            self._lock.release()


def _engine(address: sa.URL) -> sa.Engine:
    engine = sa.create_engine(
        address,
        pool_size=10,
        max_overflow=10,
        pool_timeout=5,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "casare-rpa"},
    )

    @sa.event.listens_for(engine, "connect")
    def connected(connection: Any, record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = on")
            cursor.execute("SET lock_timeout = '10s'")
            cursor.execute("SET idle_in_transaction_session_timeout = '60s'")
        connection.commit()

    return engine


def _sqlstate(error: sa.exc.SQLAlchemyError) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _refusal(error: sa.exc.SQLAlchemyError) -> Exception:
    """What the caller can do about it: mend the value, or try again."""
    if isinstance(error, sa.exc.DataError):
        return InvalidInput(f"the database cannot store this: {error.orig}")
    if isinstance(error, (sa.exc.DBAPIError, sa.exc.TimeoutError)):
        return Unavailable(f"the database does not answer: {getattr(error, 'orig', error)}")
    return error
