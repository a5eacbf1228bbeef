"""Jobs as people submit and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, StrictFloat, StrictInt

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.domain.json_values import Json
from casare_rpa.wire.base import Id, Priority, Wire

#: What a submit does when a job of the same workflow is pending, claimed or running already.
OnConflict = Literal["fail", "existing", "queue", "skip"]
#: What a person says of a job whose outcome the system cannot know.
ResolvedOutcome = Literal["succeeded", "failed", "requeue"]
_LONGEST_SECONDS = 100 * 365 * 86400
#: Orders of lists of jobs; with a minus the other way round.
JobSort = Literal["-created", "created", "-ended", "ended", "priority", "-priority"]


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
    max_retries: Annotated[StrictInt, Field(ge=0, le=10)] = 0
    execution_mode: str = "lan"
    timeout_seconds: Annotated[StrictFloat, Field(gt=0, le=30 * 86400)] | None = None
    not_before: datetime | None = None
    #: Start no earlier than in this time, by the server's clock. The later of the two counts.
    start_in_seconds: Annotated[StrictFloat, Field(ge=0, le=_LONGEST_SECONDS)] | None = None
    #: What becomes of the job when its robot is lost in the middle; None: as the workflow says.
    on_lost: Literal["requeue", "fail"] | None = None
    on_conflict: OnConflict = "queue"


class Resolve(Wire):
    outcome: ResolvedOutcome
    reason: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]


class Resolution(Wire):
    """What a person has said of a job, beside its status, which stays what it was."""

    outcome: ResolvedOutcome
    reason: str
    resolved_by: str
    resolved_at: datetime
    #: The job that runs it again.
    new_job_id: str | None = None


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
    #: Capabilities that its workflow's nodes need: only robots that announce all of them get it.
    requires: list[str] = Field(default_factory=list)
    #: Of one job while it is pending and no robot can take it: why, and until when (see JobWhy).
    waits_for: list[str] = Field(default_factory=list)
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
    #: The schedule that made the job.
    schedule_id: str | None = None
    #: The job that this one runs again, and the node it begins at (None: the first).
    rerun_of: str | None = None
    from_node: str | None = None
    #: requeue or fail: what becomes of it when its robot is lost in the middle.
    on_lost: str = "requeue"
    #: The last attempt had begun a node that acts on the outside world.
    side_effects: bool = False
    created_at: datetime
    claimed_at: datetime | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    duration_ms: int | None = None
    #: The sequence number of the last event.
    last_seq: int = 0
    resolution: Resolution | None = None
    node_executions: list[NodeExecution] = Field(default_factory=list)


class SubmittedJob(Job):
    #: False when `on_conflict` left it at this job, which was there already.
    submitted: bool = True


class JobList(Wire):
    jobs: list[Job]
    #: How many match in all; null behind a cursor.
    total: int | None
    #: Give it as `cursor` for what follows; null at the end.
    next_cursor: str | None = None


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
