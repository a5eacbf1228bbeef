"""What a person says of an outcome that the system cannot know.

A final status stays what it is: the word of a person stands beside it, and in the history. A job
that waits for another attempt, after one that had begun to act on the outside world, is decided
for good: it is not run again, or run at once.
"""

from __future__ import annotations

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Conflict, InvalidTransition
from casare_rpa.store.operations import dead_letters, endings, jobs, repeats
from casare_rpa.store.operations.revision import Revision, locked
from casare_rpa.store.records import Change
from casare_rpa.store.tx import Row, Tx, dump, load, moment
from casare_rpa.wire import Job, Resolution, Resolve


def resolve(tx: Tx, job_id: str, word: Resolve, *, principal: str) -> Job:
    row = locked(tx, job_id)
    known = load(row["resolution"])
    if known is not None:
        _check_same(job_id, Resolution(**known), word)
    elif _is_over_and_doubtful(row):
        _annotate(tx, row, word, principal)
    elif _may_be_repeated(row):
        _decide(tx, row, word, principal)
    else:
        raise _refusal(row)
    return jobs.job(tx, job_id)


def _check_same(job_id: str, known: Resolution, word: Resolve) -> None:
    """Saying the same again is harmless: the first answer may have been lost."""
    if known.outcome != word.outcome:
        raise Conflict(
            f"job {job_id} was resolved as {known.outcome} by {known.resolved_by} before:"
            f" {known.reason}",
            hint=f"casare-rpa jobs get {job_id}",
        )


def _is_over_and_doubtful(row: Row) -> bool:
    """Failed or timed out for good, or cancelled when nobody knows what it had done."""
    status = JobStatus(row["status"])
    if status is JobStatus.CANCELLED:
        return bool(row["side_effects"])
    return status in (JobStatus.FAILED, JobStatus.TIMEOUT)


def _may_be_repeated(row: Row) -> bool:
    """Waits for another attempt after one that had begun to act."""
    pending = JobStatus(row["status"]) is JobStatus.PENDING
    return pending and row["attempt"] > 0 and bool(row["side_effects"])


def _annotate(tx: Tx, row: Row, word: Resolve, by: str) -> None:
    new_job_id = None
    if word.outcome == "requeue":
        dead_letters.check_not_dealt_with(tx, row["id"])
        new_job_id = repeats.retry(tx, row["id"], principal=by).job_id
    else:
        dead_letters.note_dealt_with(tx, row["id"], by=by)
    revision = Revision(tx, row)
    _note(revision, _resolution(tx, word, by, new_job_id))
    revision.save()


def _decide(tx: Tx, row: Row, word: Resolve, by: str) -> None:
    revision = Revision(tx, row)
    resolution = _resolution(tx, word, by, None)
    if word.outcome == "requeue":
        # Said of the attempt that was lost, not of the job: the next one may be lost as well.
        revision.set(ready=True, ready_at=None)
        revision.add("job.resolved", _story(resolution))
        revision.announce(Change(kind="queue", job_id=row["id"]))
    else:
        _note(revision, resolution)
        endings.cancel(revision, reason=f"resolved as {word.outcome}", by=by)
    revision.save()


def _resolution(tx: Tx, word: Resolve, by: str, new_job_id: str | None) -> Resolution:
    return Resolution(
        outcome=word.outcome,
        reason=word.reason,
        resolved_by=by,
        resolved_at=moment(tx.now),
        new_job_id=new_job_id,
    )


def _note(revision: Revision, resolution: Resolution) -> None:
    revision.set(resolution=dump(resolution.model_dump(mode="json")))
    revision.add("job.resolved", _story(resolution))


def _story(resolution: Resolution) -> dict[str, object]:
    return resolution.model_dump(mode="json", exclude_none=True, exclude={"resolved_at"})


def _refusal(row: Row) -> InvalidTransition:
    job_id, status = row["id"], JobStatus(row["status"])
    if status.active:
        return InvalidTransition(
            f"job {job_id} is {status}: the robot {row['robot_id']} may still say how it ends",
            hint=f"To stop it first: casare-rpa jobs cancel {job_id}",
        )
    if status is JobStatus.PENDING:
        return InvalidTransition(
            f"job {job_id} is pending and has done nothing yet that a person would have to judge",
            hint=f"To keep it from running: casare-rpa jobs cancel {job_id}",
        )
    return InvalidTransition(f"job {job_id} is {status}: its outcome is known")
