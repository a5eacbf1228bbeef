"""The promises about jobs, for robots: `robot_id` is always the one the caller's key belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from casare_rpa.domain.json_values import Json
from casare_rpa.store.records import LeaseState, Renewal
from casare_rpa.wire import (
    EventBatch,
    EventsAccepted,
    Finish,
    Finished,
    Grant,
    Lease,
    LeaseProof,
    Progress,
    SideLog,
)


class RunStore(Protocol):
    def claim(
        self, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
    ) -> Grant | None:
        """Lease the most urgent job that this robot may run, or None. No job goes to two robots.

        Order: priority (0 first), then age (P2). A job of the environment "default" is open to
        every robot, others to their own pool; a pinned job to its robot; its tags must all be the
        robot's. None for a draining or paused robot (P18). *environment* None: the registered one.

        The same *claim_id* gets the same grant again and renews its lease (P3). Raises LeaseLost
        when that lease is gone: the robot goes on with a new claim_id. NotFound: not registered.
        """
        ...

    def has_pending(self) -> bool:
        """Whether any job waits, offered or not yet due, for whichever robot. It is quick."""
        ...

    def renew(
        self,
        robot_id: str,
        leases: Sequence[Lease] = (),
        *,
        figures: Json | None = None,
        boot_id: str | None = None,
    ) -> Renewal:
        """The heartbeat: renew all leases named, take *figures* in, say what to stop.

        The first renewal of a claimed job moves it to running and writes job.started (P5).
        An unknown robot is created. Figures and last contact are kept in memory and written
        every few seconds at most. Raises Conflict when a newer start of this robot registered
        with another boot_id.
        """
        ...

    def extend_lease(
        self,
        robot_id: str,
        job_id: str,
        proof: LeaseProof,
        *,
        extension_seconds: float | None = None,
    ) -> LeaseState:
        """Renew one lease, for *extension_seconds* or the usual time. NotFound, LeaseLost."""
        ...

    def progress(self, robot_id: str, job_id: str, progress: Progress) -> None:
        """Note how far the job is and write a `progress` event. NotFound, LeaseLost."""
        ...

    def append_events(self, robot_id: str, job_id: str, batch: EventBatch) -> EventsAccepted:
        """Store the events that are new; sending any of them again is harmless (P10).

        Raises EventGap (`expected`: the index wanted next) when some are missing before the first,
        NotFound, LeaseLost.
        """
        ...

    def finish(self, robot_id: str, job_id: str, outcome: Finish) -> Finished:
        """End the attempt; its last events may come along in the same transaction.

        Refused with EventGap until `event_count` events are stored (P11). A repeated finish with
        the same token and status is answered like the first (P12). `failed` and `timeout` with
        retries left make the job pending again, unless it was a business error or a cancel was
        requested; completed wins over a requested cancel. NotFound, LeaseLost.
        """
        ...

    def release(
        self, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
    ) -> Finished:
        """Give the job back without counting a failure. Idempotent. NotFound, LeaseLost.

        A job whose cancel was requested is cancelled instead.
        """
        ...

    def side_log(self, robot_id: str, job_id: str, batch: SideLog) -> int:
        """Keep events of an attempt that lost its lease, apart from the history (P13).

        Returns how many were new. NotFound; LeaseLost when the robot never had that attempt.
        """
        ...
