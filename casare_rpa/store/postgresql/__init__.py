"""PostgreSQL: several orchestrators on one database, many robots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

import sqlalchemy as sa

from casare_rpa import faults
from casare_rpa.errors import Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store.base import OnChange
from casare_rpa.store.postgresql.clock import DatabaseClock
from casare_rpa.store.postgresql.connection import (
    CALLERS,
    address_of,
    pool,
    refusal,
    refusal_at_start,
    refuses_writes,
    session,
    sqlstate,
)
from casare_rpa.store.postgresql.hints import Hints
from casare_rpa.store.postgresql.leader import LeaderLock
from casare_rpa.store.postgresql.migrating import migrate_alone
from casare_rpa.store.records import Change
from casare_rpa.store.sql import SqlStore
from casare_rpa.store.tx import T, Tx

_TRIES = 5
#: Another transaction came between: unique violation, serialization failure, deadlock.
_TRY_AGAIN = frozenset({"23505", "40001", "40P01"})


def open_store(
    url: str,
    settings: Settings,
    *,
    on_change: OnChange | None = None,
    clock: Callable[[], float] | None = None,
) -> PostgresStore:
    return PostgresStore(address_of(url), settings, on_change=on_change, clock=clock)


class PostgresStore(SqlStore):
    """A pool of connections; each thread's operation has one for its transaction."""

    database = "postgresql"
    callers = CALLERS

    def __init__(
        self,
        address: sa.URL,
        settings: Settings,
        *,
        on_change: OnChange | None = None,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._engine = pool(address)
        try:
            with self._engine.begin() as connection:
                migrate_alone(connection)
        except BaseException as error:
            self._engine.dispose()
            if isinstance(error, sa.exc.SQLAlchemyError):
                raise refusal_at_start(error, address) from error
            raise
        self._reading = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        super().__init__(settings, on_change=on_change, clock=clock or DatabaseClock(self._engine))
        self._leader = LeaderLock(lambda: session(self._engine))
        self._hints: Hints | None = None
        if on_change is not None:
            self._hints = Hints(lambda: session(self._engine), super()._announce)
        self._is_closed = False

    @property
    def broken(self) -> str | None:
        """Never: the database stops itself after a failed fsync."""
        return None

    def lead(self) -> bool:
        return self._leader.hold()

    def _announce(self, changes: Sequence[Change]) -> None:
        super()._announce(changes)
        if self._hints is not None:
            self._hints.tell(changes)

    def _write(self, operation: Callable[[Tx], T]) -> T:
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._engine.begin() as connection:
                    tx = self._tx(connection)
                    result = operation(tx)
                    faults.point("commit", operation)
                faults.point("committed", operation)
            except sa.exc.SQLAlchemyError as error:
                if tries_left and sqlstate(error) in _TRY_AGAIN:
                    continue
                if reason := refuses_writes(error):
                    self._note_refusal(reason)
                raise refusal(error) from error
            self._announce(tx.changes)
            return result
        raise AssertionError("the last try returns or raises")

    def _read(self, operation: Callable[[Tx], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return operation(self._tx(connection))
        except sa.exc.SQLAlchemyError as error:
            raise refusal(error) from error

    def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(Unavailable):  # some seconds of "last seen" are not worth a failed stop
            self._flush_contacts()
        if self._hints is not None:
            self._hints.close()
        self._leader.close()
        self._engine.dispose()
