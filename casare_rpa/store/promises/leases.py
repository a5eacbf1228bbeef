"""The promises about leases, for the server."""

from __future__ import annotations

from typing import Protocol

from casare_rpa.store.records import Reaped


class LeaseStore(Protocol):
    def requeue_expired(self) -> Reaped:
        """Revoke leases that ran out and claims that were not started in time (P7, P16).

        Such a job waits 5 s x 2^n with full jitter and is offered again; after `max_crashes` it
        fails with crash_limit; one whose cancel was requested is cancelled. Also offers jobs whose
        waiting time is over, and ends pauses whose time is. Call it every `reap_every_seconds`; on
        several servers at once it is harmless.
        """
        ...

    def extend_live_leases(self) -> int:
        """Let every live lease end later by the time in which no server looked at it (P9).

        Since the last `requeue_expired`, and never later than one renewed now. Call it at server
        start, on taking over from another server, and after a look that came late or failed.
        """
        ...

    def lead(self) -> bool:
        """Whether this server does what only one may do; ask again every second or two.

        With several servers on one database the first to ask leads for as long as its own
        connection lives; when that ends, by its death or silence, the next one to ask does.
        """
        ...

    def revoke_leases_of(self, robot_id: str, *, reason: str = "revoked") -> int:
        """Take back all jobs of a robot at once, without counting a crash; returns how many."""
        ...
