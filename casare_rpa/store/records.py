"""What the store answers where no shape of `casare_rpa.wire` fits."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypedDict

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.wire import Job, Schedule, WorkflowSummary

ChangeKind = Literal[
    "events", "queue", "cancel", "lease", "robot", "key", "workflow", "schedule", "any"
]
KeyStatus = Literal["active", "revoked", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something was committed; whoever waits for it should look again.

    events    job_id has events up to `last_seq`; `finished` when the last one is terminal
    queue     there may be a job to claim
    cancel    robot_id should stop job_id
    lease     robot_id no longer holds job_id
    robot     robot_id was registered, changed or deleted
    key       key_id was created, revoked or rotated
    workflow  a workflow was stored or deleted
    schedule  a schedule was made, changed or deleted
    any       other servers' changes were missed: anything may have changed
    """

    kind: ChangeKind
    job_id: str | None = None
    robot_id: str | None = None
    key_id: str | None = None
    workflow_id: str | None = None
    last_seq: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWorkflow:
    workflow: WorkflowSummary
    #: False when the same content was already the current version.
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    job: Job
    #: True when the idempotency key had made this job before.
    replayed: bool
    #: False when `on_conflict` left it at this job, which was there already.
    submitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    previous_status: JobStatus
    job: Job

    @property
    def accepted(self) -> bool:
        """False when the job had already finished."""
        return not self.previous_status.finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """The answer to a heartbeat."""

    #: Jobs to stop because a person asked for it; their leases were renewed.
    cancel: tuple[str, ...]
    #: Jobs that are no longer the robot's.
    lost: tuple[str, ...]
    draining: bool
    #: Time left to a drain that has a limit.
    drain_seconds: float | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseState:
    lease_seconds: float
    cancel_requested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaped:
    """The ids of jobs whose lease was revoked, by what became of them."""

    requeued: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.requeued) + len(self.failed) + len(self.cancelled)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A key to be stored. `id` is its public part, `secret_hash` the SHA-256 of the whole key."""

    id: str
    kind: Literal["user", "robot"]
    name: str
    secret_hash: str
    role: str | None = None
    robot_id: str | None = None
    description: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    id: str
    kind: Literal["user", "robot"]
    name: str
    description: str
    secret_hash: str
    role: str | None
    robot_id: str | None
    robot_name: str | None
    #: Who the key speaks for: the same before and after a rotation.
    principal: str
    #: As of the moment of reading.
    status: KeyStatus
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    last_used_ip: str | None
    #: It is revoked, and a successor that is not speaks for the same principal.
    rotated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    keys: tuple[KeyRecord, ...]
    total: int


class JobFilter(TypedDict, total=False):
    """Which jobs a list shows: all that is given must fit, None and nothing fit every job."""

    #: One of them.
    status: Collection[JobStatus]
    workflow_id: str | None
    #: The robot that has or had the job, else the one that it waits for.
    robot_id: str | None
    #: All of them.
    tags: Collection[str]
    environment: str | None
    priority: int | None
    schedule_id: str | None
    #: Whether another job retries or reruns it.
    run_again: bool | None
    #: Made at this time or later, and before that one.
    since: datetime | None
    until: datetime | None
    #: Ended at this time or later, and before that one; a job that has not ended does not fit.
    ended_since: datetime | None
    ended_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePage:
    schedules: tuple[Schedule, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSchedule:
    schedule: Schedule
    #: False when a known one was changed.
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What became of one schedule whose time had come."""

    schedule_id: str
    name: str
    job_ids: tuple[str, ...] = ()
    #: Times missed for which no job was made, as the schedule's catch_up says.
    left_out: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredSchedules:
    fired: tuple[Fired, ...]
    #: Until the next one is due; None while none is enabled.
    wait_seconds: float | None
    #: The clock that decided, in seconds since 1970.
    now: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth:
    #: sqlite or postgresql.
    database: str
    schema_version: str
    pending: int
    robots_online: int
