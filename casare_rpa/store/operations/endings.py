"""How a job ends other than well: cancelled, or failed with a dead letter left behind."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.store.operations import dead_letters
from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.tx import Values


def cancel(revision: Revision, **story: Any) -> None:
    revision.conclude(
        JobStatus.CANCELLED,
        "job.cancelled",
        {**story, "status": "cancelled"},
        failure_reason=FailureReason.CANCELLED.value,
        duration_ms=round(story.get("duration_ms", run_ms(revision))),
    )


def fail(
    revision: Revision,
    reason: str,
    *,
    error_message: str | None,
    error_code: str | None,
    failed_node_id: str | None,
    status: JobStatus = JobStatus.FAILED,
    story: Values | None = None,
    **values: Any,
) -> None:
    """The job is over; its dead letter is written in the same transaction.

    *story* goes into job.failed, *values* into the job.
    """
    told = {
        "error_message": error_message,
        "failed_node_id": failed_node_id,
        "failure_reason": reason,
    }
    story = {"duration_ms": run_ms(revision), **(story or {})}
    revision.conclude(
        status,
        "job.failed",
        {**told, **story, "error_code": error_code, "status": status.value},
        **told,
        error_type=error_code,
        duration_ms=round(story["duration_ms"]),
        **values,
    )
    dead_letters.add(revision, story)


def run_ms(revision: Revision) -> float:
    started = revision.row["started_at"]
    return 0.0 if started is None else max(0.0, (revision.tx.now - started) * 1000)
