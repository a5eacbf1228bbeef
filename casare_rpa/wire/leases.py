"""What a robot says about a job that it holds, and what it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictFloat, StrictInt

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Id, Wire


class ClaimRequest(Wire):
    #: Made by the robot; the same id gets the same grant again.
    claim_id: Annotated[str, Field(min_length=8, max_length=64)] | None = None
    wait_seconds: Annotated[StrictFloat, Field(ge=0, le=30)] = 0
    environment: Annotated[str, Field(max_length=64)] | None = None
    limit: StrictInt = 1


class Grant(Wire):
    """A job handed to one robot until its lease ends."""

    job_id: str
    workflow_id: str
    workflow_name: str
    workflow_version: int
    #: The workflow document as JSON text.
    workflow_json: str
    priority: int
    environment: str
    #: The job's input_data.
    variables: Json
    created_at: datetime
    claimed_at: datetime
    retry_count: int
    max_retries: int
    attempt: int
    lease_token: str
    lease_seconds: float
    renew_after_seconds: float
    timeout_seconds: float
    #: The index that the first event of this attempt must have: 1, or more when replayed.
    next_index: int = 1
    #: Where and with what the run begins; None: at the first node, with the variables.
    start: Json | None = None


class Lease(Wire):
    job_id: Id
    attempt: Annotated[StrictInt, Field(ge=1)]
    lease_token: Annotated[str, Field(min_length=1, max_length=128)]


class LeaseProof(Wire):
    """Carried by every write of a robot: which attempt it speaks for."""

    attempt: Annotated[StrictInt, Field(ge=1)]
    lease_token: Annotated[str, Field(min_length=1, max_length=128)]


class Release(LeaseProof):
    #: Why it is given back, in one word; shown in the job's history.
    reason: Annotated[str, Field(min_length=1, max_length=64)] = "drain"


class ExtendLease(LeaseProof):
    extension_seconds: Annotated[StrictFloat, Field(ge=1, le=3600)] | None = None


class LeaseExtended(Wire):
    job_id: str
    extended: bool = True
    lease_seconds: float
    #: Stop the job: a person asked for it.
    cancel_requested: bool


class Progress(LeaseProof):
    progress: Annotated[StrictInt, Field(ge=0, le=100)]
    current_node: Annotated[str, Field(max_length=256)] | None = None
    message: Annotated[str, Field(max_length=5000)] | None = None


class EventEnvelope(Wire):
    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.]*$")]
    timestamp: datetime
    data: Json = Field(default_factory=dict)


class EventBatch(LeaseProof):
    #: The index of the first event; the attempt's events are numbered 1..n.
    first_index: Annotated[StrictInt, Field(ge=1)]
    events: Annotated[list[EventEnvelope], Field(max_length=5000)]


class EventsAccepted(Wire):
    #: How many of the batch were new.
    accepted: int
    #: The last index that is stored.
    stored_index: int


class LogEntry(Wire):
    """One line; members that are not named here are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    message: str = ""
    level: Annotated[str, Field(max_length=16)] = "INFO"
    timestamp: datetime | None = None


class LogBatch(LeaseProof):
    """Log lines; each becomes an event of the type `log` and has an index like any other."""

    first_index: Annotated[StrictInt, Field(ge=1)]
    entries: Annotated[list[LogEntry], Field(max_length=5000)]


class Finish(LeaseProof):
    """The outcome of an attempt. Refused with EVENT_GAP until `event_count` events are stored."""

    status: Literal["completed", "failed", "cancelled", "timeout"]
    event_count: Annotated[StrictInt, Field(ge=0)]
    #: The last events of the attempt, stored before the outcome in the same transaction.
    first_index: Annotated[StrictInt, Field(ge=1)] | None = None
    events: Annotated[list[EventEnvelope], Field(max_length=5000)] = Field(default_factory=list)
    result: Json | None = None
    error_message: Annotated[str, Field(max_length=5000)] | None = None
    error_code: Annotated[str, Field(max_length=64)] | None = None
    failed_node_id: Annotated[str, Field(max_length=256)] | None = None
    failure_reason: Annotated[str, Field(max_length=64)] | None = None
    duration_ms: StrictFloat | None = None
    nodes_executed: StrictInt | None = None


class Finished(Wire):
    job_id: str
    #: What the job is now: pending again when it is retried.
    status: JobStatus


class Completed(LeaseProof):
    """The short form of an outcome, for robots that send no events."""

    result: Json = Field(default_factory=dict)
    event_count: Annotated[StrictInt, Field(ge=0)] = 0


class Failed(LeaseProof):
    error_message: Annotated[str, Field(min_length=1, max_length=5000)]
    error_code: Annotated[str, Field(max_length=64)] | None = None
    failed_node_id: Annotated[str, Field(max_length=256)] | None = None
    failure_reason: Annotated[str, Field(max_length=64)] | None = None
    event_count: Annotated[StrictInt, Field(ge=0)] = 0


class SideLog(LeaseProof):
    """Events of an attempt that lost its lease; kept apart from the job's history."""

    first_index: Annotated[StrictInt, Field(ge=1)]
    events: Annotated[list[EventEnvelope], Field(max_length=5000)]
