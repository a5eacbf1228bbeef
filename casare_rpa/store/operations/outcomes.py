"""What a robot says of an attempt's end: finished or released (P11, P12)."""

from __future__ import annotations

from casare_rpa.domain.jobs import FailureReason, JobStatus, may_be_retried
from casare_rpa.errors import EventGap, LeaseLost
from casare_rpa.store.operations import endings
from casare_rpa.store.operations.events import take_in
from casare_rpa.store.operations.leases import held, is_proven
from casare_rpa.store.operations.losses import give_back, lose
from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.tx import Tx, Values, dump
from casare_rpa.wire import Finish, Finished, LeaseProof

_DEFAULT_REASONS = {
    "failed": FailureReason.WORKFLOW_ERROR,
    "timeout": FailureReason.TIMEOUT,
    "cancelled": FailureReason.CANCELLED,
}
#: The robot says itself that the attempt was lost: counted like a lease that ran out.
_LOST = frozenset({FailureReason.AGENT_LOST, FailureReason.LEASE_LOST})
#: The document itself is wrong, whichever robot reads it.
_FINAL_CODES = frozenset({"WORKFLOW_INVALID"})


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
    elif outcome.failure_reason in _LOST:
        lose(revision, str(outcome.failure_reason))
    elif outcome.status == "cancelled" or row["cancel_requested"]:
        reason = outcome.error_message or "cancelled"
        endings.cancel(revision, reason=reason, **_figures(revision, outcome))
    elif _is_retryable(outcome) and row["failures"] < row["max_retries"]:
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


def _is_retryable(outcome: Finish) -> bool:
    return outcome.error_code not in _FINAL_CODES and may_be_retried(_reason(outcome))


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
    endings.fail(
        revision,
        _reason(outcome),
        error_message=outcome.error_message,
        error_code=outcome.error_code,
        failed_node_id=outcome.failed_node_id,
        status=JobStatus(outcome.status),
        story=_figures(revision, outcome),
        result=None if outcome.result is None else dump(outcome.result),
    )


def _reason(outcome: Finish) -> str:
    return outcome.failure_reason or _DEFAULT_REASONS[outcome.status].value


def _figures(revision: Revision, outcome: Finish) -> Values:
    took = endings.run_ms(revision) if outcome.duration_ms is None else outcome.duration_ms
    return {"duration_ms": took, "nodes_executed": outcome.nodes_executed}


def release(
    tx: Tx, robot_id: str, job_id: str, proof: LeaseProof, *, reason: str = "drain"
) -> Finished:
    try:
        row = held(tx, robot_id, job_id, proof)
    except LeaseLost:
        return _answer_again(tx, robot_id, job_id, proof, "released")
    revision = Revision(tx, row)
    give_back(revision, reason, failure_reason=FailureReason.AGENT_STOP)
    revision.end_lease("released")
    revision.save()
    return Finished(job_id=job_id, status=revision.status)
