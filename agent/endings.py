"""How a job's process ended, in the words of the protocol."""

from __future__ import annotations

import signal
from typing import Any, assert_never

from agent.attempt import Stop
from agent.guard import LEASE_EXPIRED
from casare_rpa.domain.jobs import FailureReason

Json = dict[str, Any]


def ending(outcome: Json | None, stop: Stop | None, *, exit_code: int | None, ready: bool) -> Json:
    """The journal's last record: `finish` (members of the wire's Finish) or `release` (a reason).

    *outcome* is what the process said itself. It stands, whatever was asked meanwhile, unless it
    only says that the process obeyed.
    """
    if outcome is not None and (stop is None or outcome["status"] in ("completed", "failed")):
        return _finish(**outcome)
    if stop is not None:
        return _stopped(stop, outcome or {})
    if exit_code == LEASE_EXPIRED:
        return _lost(FailureReason.LEASE_LOST)
    return _died(exit_code, ready)


def start_failed(why: str) -> Json:
    """The process could not be made."""
    return _finish(
        status="failed",
        error_message=f"the job's process could not be started: {why}"[:5000],
        error_code="PROCESS_START_FAILED",
        failure_reason=FailureReason.PROCESS_START_FAILED,
    )


def supervision_failed() -> Json:
    """The agent made a mistake; its log says which."""
    return _finish(
        status="failed",
        error_message="the agent failed while it ran the job; its log says why",
        error_code="INTERNAL_ERROR",
        failure_reason=FailureReason.AGENT_LOST,
    )


def agent_lost() -> Json:
    """The agent ended before the job's process did, and nobody saw how that ended."""
    return _lost(FailureReason.AGENT_LOST)


def _stopped(stop: Stop, outcome: Json) -> Json:
    figures = {
        name: outcome[name]
        for name in ("result", "duration_ms", "nodes_executed")
        if outcome.get(name) is not None
    }
    match stop:
        case Stop.CANCEL:
            return _finish(
                status="cancelled",
                error_message="cancelled on request",
                error_code="CANCELLED",
                failure_reason=FailureReason.CANCELLED,
                **figures,
            )
        case Stop.TIMEOUT:
            return _finish(
                status="timeout",
                error_message="the job took longer than its limit",
                error_code="TIMEOUT",
                failure_reason=FailureReason.TIMEOUT,
                **figures,
            )
        case Stop.DISK_FULL:
            return _finish(
                status="failed",
                error_message="the robot's disk is full",
                error_code="DISK_FULL",
                failure_reason=FailureReason.DISK_FULL,
                **figures,
            )
        case Stop.DRAIN:
            return {"kind": "outcome", "release": str(FailureReason.AGENT_STOP)}
        case Stop.EXPIRED | Stop.LOST | Stop.REFUSED:
            return _lost(FailureReason.LEASE_LOST)
        case _:
            assert_never(stop)


def _died(exit_code: int | None, ready: bool) -> Json:
    if not ready:
        return start_failed(f"it {_how(exit_code)} before it was ready")
    return _finish(
        status="failed",
        error_message=f"the job's process {_how(exit_code)} without saying why",
        error_code="PROCESS_DIED",
        failure_reason=FailureReason.WORKFLOW_ERROR,
    )


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "vanished"
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        return f"was ended by {signal.Signals(number).name}"
    except ValueError:
        return f"ended with exit code {exit_code}"


def _finish(**members: Any) -> Json:
    return {"kind": "outcome", "finish": members}


def _lost(reason: FailureReason) -> Json:
    """The orchestrator counts it as a crash and offers the job again, a limited number of times."""
    return _finish(
        status="failed",
        error_message=_LOST_BECAUSE[reason],
        error_code=reason.upper(),
        failure_reason=reason,
    )


_LOST_BECAUSE = {
    FailureReason.AGENT_LOST: "the agent ended while the job was running",
    FailureReason.LEASE_LOST: "the lease could not be renewed in time; the job was stopped",
}
