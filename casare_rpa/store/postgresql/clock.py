"""The database's clock."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from casare_rpa.store.clock import steady_clock
from casare_rpa.store.postgresql.connection import refusal

_MEASURE_EVERY_SECONDS = 10.0


class DatabaseClock:
    """The database's clock, so that several orchestrators agree on the end of a lease.

    Asked now and then; in between this machine's steady clock goes on from there, and beyond that
    while the database does not answer. The first call raises Unavailable if it does not.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._steady = steady_clock()
        self._lock = threading.Lock()
        self._offset: float | None = None
        self._asked = float("-inf")

    def __call__(self) -> float:
        now = self._steady()
        if self._offset is None or now - self._asked > _MEASURE_EVERY_SECONDS:
            self._ask(wait=self._offset is None)
        return self._steady() + (self._offset or 0.0)

    def _ask(self, *, wait: bool) -> None:
        """One thread asks; the others go on with what is known, or wait for the first answer."""
        if not self._lock.acquire(blocking=wait):
            return
        try:
            self._asked = self._steady()
            self._offset = self._measured()
        except sa.exc.SQLAlchemyError as error:
            if self._offset is None:
                raise refusal(error) from error
        finally:
            self._lock.release()

    def _measured(self) -> float:
        asked = sa.text("SELECT extract(epoch FROM clock_timestamp())::float8")
        with self._engine.connect() as connection:
            before = self._steady()
            seconds = float(connection.execute(asked).scalar_one())
            return seconds - (before + self._steady()) / 2
