"""What jobs and runs say beyond what crosses HTTP."""

from __future__ import annotations

from typing import Literal

from casare_rpa import wire
from casare_rpa.domain.json_values import Json
from casare_rpa.wire import Wire


class LogLine(Wire):
    timestamp: str | None
    level: str
    node_id: str
    message: str
    attempt: int | None
    seq: int | None


class RunOutcome(Wire):
    """How `run` ended."""

    schema_version: int
    status: Literal["completed", "failed", "cancelled", "timeout"]
    variables: Json
    #: The last outputs of each node.
    outputs: dict[str, Json]
    logs: list[Json]
    nodes_executed: int
    duration_ms: float
    error: RunError | None


class RunError(Wire):
    code: str
    message: str
    node_id: str | None
    node_type: str | None


class DeadLettersForgotten(Wire):
    """One entry by its id, or all older ones by their count."""

    message: str
    dlq_entry_id: str | None = None
    deleted: bool | None = None
    purged_count: int | None = None
    older_than_days: int | None = None


class NodeTrace(Wire):
    """All passes of a node in an attempt. Times in ms since the job was submitted."""

    node_id: str
    node_type: str
    state: Literal["completed", "failed", "running", "skipped"]
    runs: int
    start_ms: float
    end_ms: float | None
    total_ms: float
    min_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    wait_ms: float
    error: str
    #: It still ran when its attempt ended; its state is failed then.
    interrupted: bool


class AttemptTrace(Wire):
    attempt: int
    robot_id: str
    queued_ms: float
    startup_ms: float | None
    start_ms: float
    end_ms: float
    #: completed, failed, cancelled, timeout, requeued or running.
    ending: str
    reason: str
    nodes: list[NodeTrace]


class Trace(Wire):
    schema_version: Literal[1]
    job_id: str
    workflow_id: str
    workflow_name: str
    workflow_version: int
    status: str
    attempts: list[AttemptTrace]
    total_ms: float
    waited_ms: float


class SubmitPreview(wire.JobPreview):
    """What `jobs submit --dry-run` would send, and what it would come to."""

    request: Json
    #: That of `why`.
    verdict: str


class ActedOn(Wire):
    """What became of one of many jobs: what the server said of it, or why it was refused."""

    job_id: str
    ok: bool
    message: str
    #: The code of the error.
    code: str | None = None
    #: The job that runs a retried one again.
    new_job_id: str | None = None
