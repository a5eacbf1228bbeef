"""A store under test, with a clock that a test moves by hand."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.settings import Settings
from casare_rpa.store import Change, NewKey, Store
from casare_rpa.store.tx import sha256
from casare_rpa.wire import (
    EventBatch,
    EventEnvelope,
    EventsAccepted,
    Finish,
    Finished,
    Grant,
    Job,
    JobEvent,
    JobRequest,
    Lease,
    LeaseProof,
    Robot,
    RobotRegistration,
)

DOCUMENT = {"nodes": {"start": {"node_id": "start"}, "end": {"node_id": "end"}}}
Opener = Callable[..., Store]


@dataclass
class HandClock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class World:
    open: Opener
    settings: Settings
    clock: HandClock = field(default_factory=HandClock)
    changes: list[Change] = field(default_factory=list)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.another_store()
        self.store.put_workflow(name="invoices", document=DOCUMENT)
        self.robot("r1")

    def another_store(self) -> Store:
        return self.open(self.settings, on_change=self._hear, clock=self.clock)

    def _hear(self, change: Change) -> None:
        # "any" says that PostgreSQL's notifications begin, whenever that is.
        if change.kind != "any":
            self.changes.append(change)

    def restart(self) -> None:
        """The server goes away and comes back; what was not stored is gone."""
        self.store.close()
        self.store = self.another_store()

    def close(self) -> None:
        self.store.close()

    def robot(self, robot_id: str, **more: Any) -> Robot:
        about = {"name": f"Robot {robot_id}", "hostname": "host"} | more
        return self.store.register(RobotRegistration(robot_id=robot_id, **about))

    def submit(self, **more: Any) -> Job:
        request = JobRequest(**{"workflow_id": "invoices"} | more)
        return self.store.submit(request, principal="ann").job

    def claim(self, robot_id: str = "r1", *, claim_id: str | None = None) -> Grant:
        grant = self.store.claim(robot_id, claim_id=claim_id or uuid.uuid4().hex)
        assert grant is not None, "there is nothing to claim"
        return grant

    def running(self, robot_id: str = "r1", **more: Any) -> Grant:
        """A job that *robot_id* has claimed and started."""
        self.submit(**more)
        grant = self.claim(robot_id)
        self.renew(grant, robot_id)
        return grant

    def renew(self, grant: Grant, robot_id: str = "r1") -> None:
        renewal = self.store.renew(robot_id, [lease(grant)])
        assert renewal.lost == ()

    def append(
        self, grant: Grant, first_index: int, *names: str, robot_id: str = "r1"
    ) -> EventsAccepted:
        batch = EventBatch(
            attempt=grant.attempt,
            lease_token=grant.lease_token,
            first_index=first_index,
            events=envelopes(*names),
        )
        return self.store.append_events(robot_id, grant.job_id, batch)

    def finish(
        self, grant: Grant, status: str = "completed", *, robot_id: str = "r1", **more: Any
    ) -> Finished:
        return self.store.finish(robot_id, grant.job_id, outcome(grant, status, **more))

    def release(self, grant: Grant, robot_id: str = "r1") -> Finished:
        return self.store.release(robot_id, grant.job_id, proof(grant))

    def lose(self, grant: Grant) -> None:
        """The robot is silent until the reaper takes the job back."""
        self.clock.advance(self.settings.lease_seconds + 1)
        reaped = self.store.requeue_expired()
        assert grant.job_id in (*reaped.requeued, *reaped.failed, *reaped.cancelled)

    def claim_after_backoff(self, robot_id: str = "r1") -> Grant:
        self.clock.advance(self.settings.lost_backoff_max_seconds + 1)
        return self.claim(robot_id)

    def status(self, job: Job | Grant) -> JobStatus:
        return self.store.job(job.job_id).status

    def history(self, job: Job | Grant) -> list[JobEvent]:
        return self.store.events(job.job_id).events

    def types(self, job: Job | Grant) -> list[str]:
        return [event.type for event in self.history(job)]


def lease(grant: Grant) -> Lease:
    return Lease(job_id=grant.job_id, attempt=grant.attempt, lease_token=grant.lease_token)


def proof(grant: Grant) -> LeaseProof:
    return LeaseProof(attempt=grant.attempt, lease_token=grant.lease_token)


def outcome(grant: Grant, status: str = "completed", **more: Any) -> Finish:
    given: dict[str, Any] = {
        "attempt": grant.attempt,
        "lease_token": grant.lease_token,
        "event_count": 0,
    }
    return Finish(**given | {"status": status} | more)


def envelopes(*names: str, data: Sequence[dict[str, Any]] = ()) -> list[EventEnvelope]:
    now = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    filled = list(data) or [{} for _ in names]
    return [
        EventEnvelope(type=name, timestamp=now, data=item)
        for name, item in zip(names, filled, strict=True)
    ]


def new_key(id: str, **more: Any) -> NewKey:
    about = {"kind": "user", "role": "admin", "name": f"key {id}", "secret_hash": sha256(id)}
    return NewKey(id=id, **about | more)
