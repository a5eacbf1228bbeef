"""How a job's process ended, in the words of the protocol."""

from __future__ import annotations

import contextlib
import signal
from typing import Any, assert_never

from agent.attempt import Stop
from agent.job.life import LEASE_EXPIRED, SURVIVORS_LEFT
from casare_rpa.domain.jobs import FailureReason
from casare_rpa.domain.json_values import Json


def ending(
    outcome: Json | None,
    stop: Stop | None,
    *,
    exit_code: int | None,
    ready: bool,
    starving: bool = False,
) -> Json:
    """The journal's last record: `finish` (members of the wire's Finish) or `release` (a reason).

    *outcome* is what the process said itself. It stands, whatever was asked meanwhile, unless it
    only says that the process obeyed. *starving*: it had little left of the memory it may take.
    """
    if outcome is not None and (stop is None or outcome["status"] in ("completed", "failed")):
        return _finish(**outcome)
    if stop is not None:
        return _stopped(stop, outcome or {})
    if exit_code == LEASE_EXPIRED:
        return _lost(FailureReason.LEASE_LOST)
    if starving and _signal_of(exit_code) in _WITHOUT_MEMORY:
        return _starved(exit_code)
    return _died(exit_code, ready)


def naming_survivors(ending: Json, survivors: str) -> Json:
    """*ending* with a word on processes that could not be ended, where it has room for one."""
    finish = ending.get("finish")
    if finish is None or not finish.get("error_message"):
        return ending
    message = f"{finish['error_message']}; {survivors}"[:5000]
    return {**ending, "finish": {**finish, "error_message": message}}


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


#: Status, message, error code and failure reason of a job that was stopped and has an outcome.
_STOPPED = {
    Stop.CANCEL: ("cancelled", "cancelled on request", "CANCELLED", FailureReason.CANCELLED),
    Stop.TIMEOUT: (
        "timeout",
        "the job took longer than its limit",
        "TIMEOUT",
        FailureReason.TIMEOUT,
    ),
    Stop.DISK_FULL: ("failed", "the robot's disk is full", "DISK_FULL", FailureReason.DISK_FULL),
    Stop.OUT_OF_MEMORY: (
        "failed",
        "the job took more memory than job_memory_bytes allows",
        "MEMORY_ERROR",
        FailureReason.OUT_OF_MEMORY,
    ),
    Stop.TOO_MANY_PROCESSES: (
        "failed",
        "the job had more processes than job_processes allows",
        "RESOURCE_EXHAUSTED",
        FailureReason.WORKFLOW_ERROR,
    ),
}


def _stopped(stop: Stop, outcome: Json) -> Json:
    figures = {
        name: outcome[name]
        for name in ("result", "duration_ms", "nodes_executed")
        if outcome.get(name) is not None
    }
    match stop:
        case (
            Stop.CANCEL
            | Stop.TIMEOUT
            | Stop.DISK_FULL
            | Stop.OUT_OF_MEMORY
            | Stop.TOO_MANY_PROCESSES
        ):
            status, message, code, reason = _STOPPED[stop]
            return _finish(
                status=status,
                error_message=message,
                error_code=code,
                failure_reason=reason,
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


def _starved(exit_code: int | None) -> Json:
    return _finish(
        status="failed",
        error_message=f"the job's process {_how(exit_code)} when it had taken the most of "
        "job_memory_bytes",
        error_code="MEMORY_ERROR",
        failure_reason=FailureReason.OUT_OF_MEMORY,
    )


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "vanished"
    if exit_code == SURVIVORS_LEFT:
        return "ended"
    name = _signal_of(exit_code)
    return f"was ended by {name}" if name else f"ended with exit code {exit_code}"


def _signal_of(exit_code: int | None) -> str | None:
    if exit_code is None:
        return None
    with contextlib.suppress(ValueError):
        return signal.Signals(-exit_code if exit_code < 0 else exit_code - 128).name
    return None


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


#: How programs end that ask for memory and do not look at the answer.
_WITHOUT_MEMORY = frozenset({"SIGSEGV", "SIGABRT", "SIGBUS", "SIGKILL"})
_LOST_BECAUSE = {
    FailureReason.AGENT_LOST: "the agent ended while the job was running",
    FailureReason.LEASE_LOST: "the lease could not be renewed in time; the job was stopped",
}
