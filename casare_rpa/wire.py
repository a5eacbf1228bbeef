"""Every shape that crosses HTTP, as the orchestrator reads and writes it.

Readers ignore unknown fields, so that old and new programs can talk; a field's name is never
reused. Times are ISO 8601 in UTC, durations say their unit in the name.

Synonyms of the existing API are accepted where it has several spellings of one thing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from casare_rpa.domain.jobs import JobStatus

Name = Annotated[str, Field(min_length=1, max_length=255)]
Id = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f/]+$")]
Priority = Annotated[int, Field(ge=0, le=20, description="0 is the most urgent.")]
Role = Literal["viewer", "operator", "developer", "admin"]
Json = dict[str, Any]


class Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


# --- errors -----------------------------------------------------------------------------------


class ErrorBody(Wire):
    code: str
    message: str
    details: Json | None = None
    field: str | None = None
    hint: str | None = None


class ErrorMeta(Wire):
    request_id: str
    timestamp: datetime


class ErrorResponse(Wire):
    """The body of every error; `detail` repeats the message for simple readers."""

    success: Literal[False] = False
    data: None = None
    error: ErrorBody
    meta: ErrorMeta
    detail: str


# --- workflows --------------------------------------------------------------------------------


class WorkflowSubmission(Wire):
    workflow_name: Name = Field(validation_alias=AliasChoices("workflow_name", "name"))
    workflow_json: Json = Field(validation_alias=AliasChoices("workflow_json", "workflow_data"))
    workflow_id: Id | None = None
    #: Only when given as "manual" is a job submitted at once, as old clients expect.
    trigger_type: Literal["manual", "scheduled", "webhook"] | None = None
    execution_mode: str = "lan"
    schedule_cron: str | None = None
    priority: Priority = 10
    metadata: Json = Field(default_factory=dict)


class WorkflowSubmissionResult(Wire):
    workflow_id: str
    job_id: str | None = None
    schedule_id: str | None = None
    status: Literal["success", "degraded"] = "success"
    message: str
    created_at: datetime
    version: int
    #: False when the same content was already the current version.
    created: bool = True


class WorkflowSummary(Wire):
    workflow_id: str
    workflow_name: str
    version: int
    description: str = ""
    #: "sha256:..." of the canonical JSON.
    content_hash: str
    created_at: datetime
    updated_at: datetime


class Workflow(WorkflowSummary):
    workflow_json: Json


class WorkflowList(Wire):
    workflows: list[WorkflowSummary]
    total: int


# --- jobs for people --------------------------------------------------------------------------


class JobRequest(Wire):
    workflow_id: Id
    input_data: Json = Field(
        default_factory=dict,
        validation_alias=AliasChoices("input_data", "parameters", "variables"),
    )
    priority: Priority = 10
    environment: Annotated[str, Field(max_length=64)] = "default"
    robot_id: Id | None = None
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default_factory=list, max_length=32
    )
    max_retries: Annotated[int, Field(ge=0, le=10)] = 0
    execution_mode: str = "lan"
    timeout_seconds: Annotated[float, Field(gt=0, le=30 * 86400)] | None = None
    not_before: datetime | None = None


class NodeExecution(Wire):
    node_id: str
    node_type: str = ""
    status: Literal["running", "completed", "failed", "skipped"]
    duration_ms: float | None = None
    error_message: str | None = None
    #: How often it ran in this attempt (loop passes).
    runs: int = 1


class Job(Wire):
    job_id: str
    #: The same as job_id, for old readers.
    id: str
    workflow_id: str
    workflow_name: str
    workflow_version: int
    robot_id: str | None = None
    status: JobStatus
    cancel_requested: bool = False
    priority: int
    environment: str
    tags: list[str] = Field(default_factory=list)
    progress: int = 0
    current_node: str | None = None
    input_data: Json = Field(default_factory=dict)
    #: {"variables": {...}, "outputs": {...}, "nodes_executed": n, "duration_ms": x}
    result: Json | None = None
    error_message: str | None = None
    error_type: str | None = None
    failed_node_id: str | None = None
    failure_reason: str | None = None
    attempt: int = 0
    retry_count: int = 0
    max_retries: int = 0
    created_at: datetime
    claimed_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    #: The sequence number of the last event.
    last_seq: int = 0
    node_executions: list[NodeExecution] = Field(default_factory=list)


class JobList(Wire):
    jobs: list[Job]
    total: int


class CancelResult(Wire):
    job_id: str
    #: False when the job had already finished.
    cancelled: bool
    previous_status: JobStatus
    message: str


class RetryResult(Wire):
    original_job_id: str
    new_job_id: str
    message: str


# --- events -----------------------------------------------------------------------------------


class JobEvent(Wire):
    """One fact of a job's history, as REST and sockets show it; `data` is never looked into."""

    type: str
    job_id: str
    seq: int
    attempt: int
    timestamp: datetime
    data: Json


class JobEventList(Wire):
    events: list[JobEvent]
    #: Ask again with after=last_seq.
    last_seq: int


# --- jobs for robots --------------------------------------------------------------------------


class ClaimRequest(Wire):
    #: Made by the robot; the same id gets the same grant again.
    claim_id: Annotated[str, Field(min_length=8, max_length=64)] | None = None
    wait_seconds: Annotated[float, Field(ge=0, le=30)] = 0
    environment: Annotated[str, Field(max_length=64)] | None = None
    limit: int = 1


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


class Lease(Wire):
    job_id: Id
    attempt: Annotated[int, Field(ge=1)]
    lease_token: Annotated[str, Field(min_length=1, max_length=128)]


class LeaseProof(Wire):
    """Carried by every write of a robot: which attempt it speaks for."""

    attempt: Annotated[int, Field(ge=1)]
    lease_token: Annotated[str, Field(min_length=1, max_length=128)]


class ExtendLease(LeaseProof):
    extension_seconds: Annotated[float, Field(ge=1, le=3600)] | None = None


class Progress(LeaseProof):
    progress: Annotated[int, Field(ge=0, le=100)]
    current_node: Annotated[str, Field(max_length=256)] | None = None
    message: Annotated[str, Field(max_length=5000)] | None = None


class EventEnvelope(Wire):
    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_.]*$")]
    timestamp: datetime
    data: Json = Field(default_factory=dict)


class EventBatch(LeaseProof):
    #: The index of the first event; the attempt's events are numbered 1..n.
    first_index: Annotated[int, Field(ge=1)]
    events: Annotated[list[EventEnvelope], Field(max_length=5000)]


class EventsAccepted(Wire):
    #: How many of the batch were new.
    accepted: int
    #: The last index that is stored.
    stored_index: int


class Finish(LeaseProof):
    """The outcome of an attempt. Refused with EVENT_GAP until `event_count` events are stored."""

    status: Literal["completed", "failed", "cancelled", "timeout"]
    event_count: Annotated[int, Field(ge=0)]
    #: The last events of the attempt, stored before the outcome in the same transaction.
    first_index: Annotated[int, Field(ge=1)] | None = None
    events: Annotated[list[EventEnvelope], Field(max_length=5000)] = Field(default_factory=list)
    result: Json | None = None
    error_message: Annotated[str, Field(max_length=5000)] | None = None
    error_code: Annotated[str, Field(max_length=64)] | None = None
    failed_node_id: Annotated[str, Field(max_length=256)] | None = None
    failure_reason: Annotated[str, Field(max_length=64)] | None = None
    duration_ms: float | None = None
    nodes_executed: int | None = None


class Finished(Wire):
    job_id: str
    #: What the job is now: pending again when it is retried.
    status: JobStatus


class SideLog(LeaseProof):
    """Events of an attempt that lost its lease; kept apart from the job's history."""

    first_index: Annotated[int, Field(ge=1)]
    events: Annotated[list[EventEnvelope], Field(max_length=5000)]


# --- robots -----------------------------------------------------------------------------------


class RobotRegistration(Wire):
    robot_id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    hostname: Annotated[str, Field(min_length=1, max_length=256)]
    capabilities: list[str] = Field(default_factory=list, max_length=64)
    environment: Annotated[str, Field(max_length=64)] = "default"
    max_concurrent_jobs: Annotated[int, Field(ge=1, le=100)] = 1
    tags: list[str] = Field(default_factory=list, max_length=64)
    #: New at each start of the agent: the newest start speaks for the robot.
    boot_id: Annotated[str, Field(max_length=64)] | None = None
    version: Annotated[str, Field(max_length=64)] | None = None


class Robot(Wire):
    robot_id: str
    name: str
    hostname: str
    #: offline, idle, busy, error or maintenance.
    status: str
    environment: str
    max_concurrent_jobs: int
    capabilities: list[str]
    tags: list[str]
    current_job_ids: list[str]
    draining: bool = False
    version: str | None = None
    last_seen: datetime | None = None
    last_heartbeat: datetime | None = None
    created_at: datetime
    metrics: Json = Field(default_factory=dict)


class RobotList(Wire):
    robots: list[Robot]
    total: int


class RobotChange(Wire):
    name: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    hostname: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    capabilities: list[str] | None = None
    environment: Annotated[str, Field(max_length=64)] | None = None
    max_concurrent_jobs: Annotated[int, Field(ge=1, le=100)] | None = None
    tags: list[str] | None = None


class RobotStatusChange(Wire):
    status: Literal["idle", "online", "busy", "offline", "error", "maintenance", "paused"]
    draining: bool | None = None


class Heartbeat(Wire):
    """Renews every lease it names: the one call that keeps a robot's jobs."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    leases: list[Lease] = Field(default_factory=list, max_length=1000)
    boot_id: Annotated[str, Field(max_length=64)] | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    memory_mb: float | None = None
    disk_free_gb: float | None = None
    current_job_count: int | None = None
    max_concurrent_jobs: int | None = None


class HeartbeatReply(Wire):
    ok: Literal[True] = True
    timestamp: datetime
    lease_seconds: float
    renew_after_seconds: float
    #: Jobs to stop because a person asked for it.
    cancel: list[str]
    #: Jobs that are no longer this robot's.
    lost: list[str]
    drain: bool


# --- keys -------------------------------------------------------------------------------------


class RobotKeyRequest(Wire):
    robot_id: Annotated[str, Field(min_length=1, max_length=64)]
    name: Name = "default"
    description: Annotated[str, Field(max_length=2000)] = ""
    expires_at: datetime | None = None


class RobotKey(Wire):
    id: str
    robot_id: str
    robot_name: str | None = None
    key_name: str
    description: str = ""
    status: Literal["active", "revoked", "expired"]
    #: "robot_" and the key's id: what may be shown of it.
    prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None


class RobotKeyCreated(Wire):
    #: Shown this once only.
    api_key: str
    key: RobotKey


class RobotKeyList(Wire):
    keys: list[RobotKey]
    total: int


class KeyRevocation(Wire):
    reason: Annotated[str, Field(max_length=2000)] = ""


class KeyRevoked(Wire):
    revoked: Literal[True] = True
    key_id: str


class ApiKeyRequest(Wire):
    role: Role
    name: Name = "default"
    description: Annotated[str, Field(max_length=2000)] = ""
    expires_at: datetime | None = None


class ApiKey(Wire):
    id: str
    role: Role
    key_name: str
    description: str = ""
    status: Literal["active", "revoked", "expired"]
    prefix: str
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_ip: str | None = None


class ApiKeyCreated(Wire):
    api_key: str
    key: ApiKey


class ApiKeyList(Wire):
    keys: list[ApiKey]
    total: int


class Identity(Wire):
    """Who a key is: GET /auth/me."""

    user_id: str
    key_id: str
    key_name: str
    roles: list[str]
    robot_id: str | None = None


class Health(Wire):
    status: Literal["healthy"] = "healthy"
    service: Literal["casare-rpa-orchestrator"] = "casare-rpa-orchestrator"
    timestamp: datetime
    database: str
    queue: str
    robots_online: int
    version: str
