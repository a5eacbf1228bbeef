"""A job's life, as one table."""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    """Where a job stands. `queued` is never written; a reader takes it for `pending`."""

    PENDING = "pending"
    QUEUED = "queued"
    CLAIMED = "claimed"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"

    @property
    def finished(self) -> bool:
        """Whether the status is final."""
        return not ALLOWED[self]

    @property
    def active(self) -> bool:
        """Whether a robot holds the job."""
        return self in (JobStatus.CLAIMED, JobStatus.RUNNING)

    @property
    def retryable(self) -> bool:
        """Whether `retry` may make a new job out of this one."""
        return self in (JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMEOUT)

    def may_become(self, other: JobStatus) -> bool:
        """Whether the step from here to *other* is allowed."""
        return other in ALLOWED[self]


_OUTCOMES = frozenset(
    {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMEOUT}
)

#: Which status may follow which. An outcome may arrive while the job still counts as claimed:
#: its start travels with the events, and both may come in one call. Back to pending is a release,
#: a lost lease or a retryable failure.
ALLOWED: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.PENDING: frozenset({JobStatus.CLAIMED, JobStatus.CANCELLED}),
    JobStatus.QUEUED: frozenset({JobStatus.PENDING, JobStatus.CLAIMED, JobStatus.CANCELLED}),
    JobStatus.CLAIMED: _OUTCOMES | {JobStatus.RUNNING, JobStatus.PENDING},
    JobStatus.RUNNING: _OUTCOMES | {JobStatus.PENDING},
    JobStatus.COMPLETED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELLED: frozenset(),
    JobStatus.TIMEOUT: frozenset(),
}


#: The capability of a robot that can begin a run in the middle. One of an earlier version would
#: begin it at its first node, and act again.
STARTS_ANYWHERE = "start-points"


class OnLost(StrEnum):
    """What becomes of a job whose attempt was lost after it had started."""

    REQUEUE = "requeue"
    FAIL = "fail"


class OnConflict(StrEnum):
    """What a submit does while a job of the same workflow has not ended."""

    FAIL = "fail"
    EXISTING = "existing"
    QUEUE = "queue"
    SKIP = "skip"


class ResolvedOutcome(StrEnum):
    """What a person says of a job whose outcome the system cannot know."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    REQUEUE = "requeue"


class FailureReason(StrEnum):
    """Why a job did not complete, in one word that a program can act on."""

    WORKFLOW_ERROR = "workflow_error"
    BUSINESS_ERROR = "business_error"
    TIMEOUT = "timeout"
    NO_PROGRESS = "no_progress"
    CANCELLED = "cancelled"
    AGENT_STOP = "agent_stop"
    AGENT_LOST = "agent_lost"
    CRASH_LIMIT = "crash_limit"
    LEASE_LOST = "lease_lost"
    PROCESS_START_FAILED = "process_start_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    RESULT_TOO_LARGE = "result_too_large"
    SIGNATURE_REJECTED = "signature_rejected"
    UNSUPPORTED_NODE = "unsupported_node"


#: Trying again would come to the same, or nobody wants it.
_FINAL_REASONS = frozenset(
    {
        FailureReason.BUSINESS_ERROR,
        FailureReason.CANCELLED,
        FailureReason.CRASH_LIMIT,
        FailureReason.RESULT_TOO_LARGE,
        FailureReason.SIGNATURE_REJECTED,
        FailureReason.UNSUPPORTED_NODE,
    }
)


def may_be_retried(reason: str) -> bool:
    """Whether `max_retries` applies to a failure. An unknown reason is one like most."""
    return reason not in _FINAL_REASONS
