"""How an attempt ends: finished, released, lost or taken back (P7, P11, P12, P16)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.errors import EventGap, LeaseLost
from casare_rpa.store.events import take_in
from casare_rpa.store.leases import held, is_proven, offer_waiting
from casare_rpa.store.records import Change, Reaped
from casare_rpa.store.revision import COLUMNS, Revision
from casare_rpa.store.tables import is_held, jobs
from casare_rpa.store.tx import Row, Tx, Values, dump
from casare_rpa.wire import Finish, Finished, LeaseProof

_DEFAULT_REASONS = {
    "failed": FailureReason.WORKFLOW_ERROR,
    "timeout": FailureReason.TIMEOUT,
    "cancelled": FailureReason.CANCELLED,
}
#: The robot says itself that the attempt was lost: counted like a lease that ran out.
_LOST = frozenset({FailureReason.AGENT_LOST, FailureReason.LEASE_LOST})
#: Trying again would come to the same.
_FINAL = frozenset({FailureReason.BUSINESS_ERROR, FailureReason.CANCELLED})


def finish(tx: Tx, robot_id: str, job_id: str, outcome: Finish) -> Finished:
    try:
        row = held(tx, robot_id, job_id, outcome)
    except LeaseLost:
        return _answer_again(tx, robot_id, job_id, outcome, outcome.status)
    revision = Revision(tx, row)
    stored = row["last_index"]
    if outcome.events:
        stored += take_in(revision, outcome.first_index or 1, outcome.events)
    if stored < outcome.event_count:
        raise EventGap(
            f"{outcome.event_count - stored} events of this attempt are missing",
            details={"expected": stored + 1},
        )
    _settle(revision, outcome)
    revision.end_lease(outcome.status)
    revision.save()
    return Finished(job_id=job_id, status=revision.status)


def _answer_again(tx: Tx, robot_id: str, job_id: str, proof: LeaseProof, reported: str) -> Finished:
    """The first answer, if this attempt ended just so before (P12). Raises LeaseLost."""
    attempt = is_proven(tx, robot_id, job_id, proof)
    if attempt["reported"] != reported:
        raise LeaseLost(f"attempt {proof.attempt} of job {job_id} is no longer this robot's")
    return Finished(job_id=job_id, status=attempt["became"])


def _settle(revision: Revision, outcome: Finish) -> None:
    """What the job is after this outcome."""
    row = revision.row
    if outcome.status == "completed":
        # A result that is there beats a wish to stop that came too late.
        revision.start()
        _complete(revision, outcome)
    elif outcome.status == "cancelled" or row["cancel_requested"]:
        _cancel(
            revision, reason=outcome.error_message or "cancelled", **_figures(revision, outcome)
        )
    elif outcome.failure_reason in _LOST:
        lose(revision, str(outcome.failure_reason))
    elif outcome.failure_reason not in _FINAL and row["failures"] < row["max_retries"]:
        failures = row["failures"] + 1
        revision.set(failures=failures)
        revision.back_to_queue(
            _reason(outcome),
            wait_seconds=revision.tx.backoff_seconds(failures - 1),
            failures=failures,
            max_retries=row["max_retries"],
            error_message=outcome.error_message,
        )
    else:
        _fail(revision, outcome)


def _complete(revision: Revision, outcome: Finish) -> None:
    figures = _figures(revision, outcome)
    revision.conclude(
        JobStatus.COMPLETED,
        "job.completed",
        {**figures, "result": outcome.result, "status": "completed"},
        result=None if outcome.result is None else dump(outcome.result),
        duration_ms=round(figures["duration_ms"]),
        progress=100,
        current_node=None,
    )


def _fail(revision: Revision, outcome: Finish) -> None:
    figures = _figures(revision, outcome)
    told = {
        "error_message": outcome.error_message,
        "failed_node_id": outcome.failed_node_id,
        "failure_reason": _reason(outcome),
    }
    revision.conclude(
        JobStatus(outcome.status),
        "job.failed",
        {**told, **figures, "error_code": outcome.error_code, "status": outcome.status},
        **told,
        error_type=outcome.error_code,
        result=None if outcome.result is None else dump(outcome.result),
        duration_ms=round(figures["duration_ms"]),
    )


def _cancel(revision: Revision, **story: Any) -> None:
    revision.conclude(
        JobStatus.CANCELLED,
        "job.cancelled",
        {**story, "status": "cancelled"},
        failure_reason=FailureReason.CANCELLED.value,
        duration_ms=round(story.get("duration_ms", _run_ms(revision))),
    )


def _reason(outcome: Finish) -> str:
    return outcome.failure_reason or _DEFAULT_REASONS[outcome.status].value


def _figures(revision: Revision, outcome: Finish) -> Values:
    took = _run_ms(revision) if outcome.duration_ms is None else outcome.duration_ms
    return {"duration_ms": took, "nodes_executed": outcome.nodes_executed}


def _run_ms(revision: Revision) -> float:
    started = revision.row["started_at"]
    return 0.0 if started is None else max(0.0, (revision.tx.now - started) * 1000)


def release(
    tx: Tx, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
) -> Finished:
    try:
        row = held(tx, robot_id, job_id, proof)
    except LeaseLost:
        return _answer_again(tx, robot_id, job_id, proof, "released")
    revision = Revision(tx, row)
    _give_back(revision, reason)
    revision.end_lease("released")
    revision.save()
    return Finished(job_id=job_id, status=revision.status)


def _give_back(revision: Revision, reason: str) -> None:
    """Not the job's fault: nothing is counted against it and it waits for nothing."""
    if revision.row["cancel_requested"]:
        _cancel(revision, reason=reason)
        return
    releases = revision.row["releases"] + 1
    revision.set(releases=releases)
    revision.back_to_queue(reason, releases=releases)


def lose(revision: Revision, reason: str) -> None:
    """The attempt is gone without an outcome (P16)."""
    settings = revision.tx.settings
    crashes = revision.row["crashes"] + 1
    revision.set(crashes=crashes)
    if revision.row["cancel_requested"]:
        _cancel(revision, reason=reason)
    elif crashes >= settings.max_crashes:
        _give_up(revision, reason, crashes)
    else:
        wait = revision.tx.backoff_seconds(crashes - 1)
        revision.back_to_queue(reason, wait_seconds=wait, crashes=crashes)


def _give_up(revision: Revision, reason: str, crashes: int) -> None:
    told = {
        "error_message": f"given up after {crashes} lost attempts; the last: {reason}",
        "failure_reason": FailureReason.CRASH_LIMIT.value,
        "failed_node_id": revision.row["current_node"],
    }
    data = {**told, "error_code": "CRASH_LIMIT", "status": "failed", "crashes": crashes}
    took = round(_run_ms(revision))
    revision.conclude(
        JobStatus.FAILED, "job.failed", data, **told, error_type="CRASH_LIMIT", duration_ms=took
    )


def requeue_expired(tx: Tx) -> Reaped:
    offered = offer_waiting(tx)
    if offered:
        tx.changed(Change(kind="queue"))
    late = sa.or_(jobs.c.lease_until < tx.now, jobs.c.start_by < tx.now)
    query = sa.select(*COLUMNS).where(is_held, late).order_by(jobs.c.id).limit(500)
    became: dict[JobStatus, list[str]] = {}
    for row in tx.rows(query.with_for_update(skip_locked=True)):
        unstarted = row["start_by"] is not None and row["start_by"] < tx.now
        status = _revoke(tx, row, "not_started" if unstarted else "lease_lost")
        became.setdefault(status, []).append(row["id"])
    return Reaped(
        requeued=tuple(became.get(JobStatus.PENDING, ())),
        failed=tuple(became.get(JobStatus.FAILED, ())),
        cancelled=tuple(became.get(JobStatus.CANCELLED, ())),
    )


def _revoke(tx: Tx, row: Row, reason: str) -> JobStatus:
    revision = Revision(tx, row)
    lose(revision, reason)
    revision.end_lease("lost")
    revision.announce(Change(kind="lease", job_id=row["id"], robot_id=row["robot_id"]))
    revision.save()
    return revision.status


def revoke_leases_of(tx: Tx, robot_id: str, *, reason: str = "revoked") -> int:
    mine = sa.select(*COLUMNS).where(is_held, jobs.c.robot_id == robot_id)
    rows = tx.rows(mine.order_by(jobs.c.id).with_for_update())
    for row in rows:
        revision = Revision(tx, row)
        _give_back(revision, reason)
        revision.end_lease("revoked")
        revision.announce(Change(kind="lease", job_id=row["id"], robot_id=robot_id))
        revision.save()
    return len(rows)
