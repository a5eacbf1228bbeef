"""Jobs, as robots see them."""

from __future__ import annotations

from collections.abc import Sequence

from casare_rpa.domain.json_values import Json
from casare_rpa.store.operations import claims, events, lanes, leases, outcomes, robots
from casare_rpa.store.records import LeaseState, Renewal
from casare_rpa.store.sql.transactions import Transactions
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


class SqlRuns(Transactions):
    def claim(
        self, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
    ) -> Grant | None:
        return self._write(
            lambda tx: claims.claim(tx, robot_id, claim_id=claim_id, environment=environment)
        )

    def has_pending(self) -> bool:
        return self._read(lanes.has_pending)

    def renew(
        self,
        robot_id: str,
        leases: Sequence[Lease] = (),
        *,
        figures: Json | None = None,
        boot_id: str | None = None,
    ) -> Renewal:
        now = self.clock()
        is_due = self._figures.note(robot_id, now, figures or {})
        if not leases and not is_due:
            row = self._read(lambda tx: robots.row_of(tx, robot_id))
            if row is not None and robots.is_quiet(row, boot_id):
                return robots.renewal(row, now)
        renewal = self._write(
            lambda tx: robots.beat(
                tx, robot_id, leases, figures=figures, boot_id=boot_id, write_figures=is_due
            )
        )
        if is_due:
            self._figures.written(robot_id, now)
        return renewal

    def extend_lease(
        self,
        robot_id: str,
        job_id: str,
        proof: LeaseProof,
        *,
        extension_seconds: float | None = None,
    ) -> LeaseState:
        return self._write(
            lambda tx: leases.extend_lease(
                tx, robot_id, job_id, proof, extension_seconds=extension_seconds
            )
        )

    def progress(self, robot_id: str, job_id: str, progress: Progress) -> None:
        self._write(lambda tx: events.progress(tx, robot_id, job_id, progress))

    def append_events(self, robot_id: str, job_id: str, batch: EventBatch) -> EventsAccepted:
        return self._write(lambda tx: events.append_events(tx, robot_id, job_id, batch))

    def finish(self, robot_id: str, job_id: str, outcome: Finish) -> Finished:
        return self._write(lambda tx: outcomes.finish(tx, robot_id, job_id, outcome))

    def release(
        self, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
    ) -> Finished:
        return self._write(lambda tx: outcomes.release(tx, robot_id, job_id, proof, reason=reason))

    def side_log(self, robot_id: str, job_id: str, batch: SideLog) -> int:
        return self._write(lambda tx: events.side_log(tx, robot_id, job_id, batch))
