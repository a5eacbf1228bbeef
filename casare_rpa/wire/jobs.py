"""Jobs as people submit and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.wire.base import Id, Json, Priority, Wire


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
