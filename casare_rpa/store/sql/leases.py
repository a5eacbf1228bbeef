"""Leases, as the server sees them."""

from __future__ import annotations

from casare_rpa.store.operations import losses, rests, watch
from casare_rpa.store.records import Reaped
from casare_rpa.store.sql.transactions import Transactions
from casare_rpa.store.tx import Tx


class SqlLeases(Transactions):
    def requeue_expired(self) -> Reaped:
        return self._write(_look_at_the_time)

    def extend_live_leases(self) -> int:
        return self._write(watch.extend_live_leases)

    def lead(self) -> bool:
        return True  # alone with its database, unless the back end says otherwise

    def revoke_leases_of(self, robot_id: str, *, reason: str = "revoked") -> int:
        return self._write(lambda tx: losses.revoke_leases_of(tx, robot_id, reason=reason))


def _look_at_the_time(tx: Tx) -> Reaped:
    rests.resume_due(tx)
    reaped = losses.requeue_expired(tx)
    watch.note_watch(tx)
    return reaped
