"""The house: health and old rows."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.store.operations import retention, robots, stats, submits
from casare_rpa.store.records import StoreHealth
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.store.tables import SCHEMA_VERSION, is_ready, is_waiting
from casare_rpa.store.tables import jobs as jobs_table
from casare_rpa.store.tx import Tx
from casare_rpa.wire import FleetStats


class SqlHouse(Transactions):
    database: str
    callers: int

    def health(self) -> StoreHealth:
        def look(tx: Tx) -> StoreHealth:
            open_ = sa.select(sa.func.count()).select_from(jobs_table).where
            waiting = tx.scalar(open_(is_ready)) + tx.scalar(open_(is_waiting))
            return StoreHealth(
                database=self.database,
                schema_version=SCHEMA_VERSION,
                pending=waiting,
                robots_online=robots.count_online(tx, self._figures),
            )

        return self._read(look)

    def stats(self, *, window_seconds: float) -> FleetStats:
        return self._read(lambda tx: stats.stats(tx, window_seconds=window_seconds))

    def prune(self, *, older_than_seconds: float, limit: int = 200) -> int:
        return self._write(
            lambda tx: retention.prune(tx, older_than_seconds=older_than_seconds, limit=limit)
        )

    def count_prunable(self, *, older_than_seconds: float) -> int:
        return self._read(lambda tx: retention.count(tx, older_than_seconds=older_than_seconds))

    def housekeep(self) -> int:
        return self._write(submits.forget_old_keys)
