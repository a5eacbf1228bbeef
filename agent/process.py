"""The job's own process: runs one workflow through the engine and reports to the agent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from agent import frames
from agent.outbox import Outbox
from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.domain.jobs import FailureReason
from casare_rpa.domain.json_values import json_safe
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import Plan, RunOptions, RunResult, compile_workflow, run_plan
from casare_rpa.engine.envelopes import envelope
from casare_rpa.engine.stop import StopFlag
from casare_rpa.errors import WorkflowInvalid

log = logging.getLogger(__name__)

Json = dict[str, Any]
#: A larger event is cut down: one upload must hold it.
MOST_EVENT_BYTES = 128 << 10
_SHORT_TEXT = 2000
_NICENESS = 5
_OOM_SCORE = "500"


def run(talk: Connection) -> int:
    """Receive a job, wait for the word to start, run it, send its outcome. The exit code is 0."""
    try:
        job: Json = orjson.loads(talk.recv_bytes()[1:])
    except (EOFError, OSError):
        return 0  # made ready for a job that never came
    _settle(job)
    control = _Control(talk)
    outbox = Outbox(talk)
    try:
        outcome = _run_job(job, talk, control, outbox)
    except BaseException as error:  # a workflow may raise anything, also SystemExit
        log.exception("the job's process failed")
        outcome = _failure(error)
    outbox.close()
    with contextlib.suppress(OSError):
        talk.send_bytes(frames.OUTCOME + _encode_outcome(outcome, job))
    logging.shutdown()
    sys.stderr.flush()
    return 0


class _Control(threading.Thread):
    """Listens to the agent: `go` says that the lease holds, `stop` asks the run to end."""

    def __init__(self, talk: Connection) -> None:
        super().__init__(name="control", daemon=True)
        self.stop = StopFlag()
        self._go = threading.Event()
        self._talk = talk
        self.start()

    def wait_for_go(self) -> None:
        self._go.wait()

    def run(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                frame = self._talk.recv_bytes()
                if frame[:1] == frames.CANCEL:
                    self.stop.request(frame[1:].decode() or "cancelled")
                self._go.set()


def _settle(job: Json) -> None:
    """Make this process the job's: folder, environment, streams, place in the queue."""
    os.chdir(job["work_dir"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.argv = ["casare-rpa-job"]
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)  # what a library prints belongs in the agent's log, not in its output
    with contextlib.suppress(OSError, AttributeError):
        os.nice(_NICENESS)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def _run_job(job: Json, talk: Connection, control: _Control, outbox: Outbox) -> Json:
    try:
        plan = compile_workflow(parse_workflow(job["workflow_json"]))
    except WorkflowInvalid as error:
        return _refused(error)
    talk.send_bytes(frames.READY)
    control.wait_for_go()
    bus = EventBus(max_history=1)
    bus.subscribe_all(lambda event: _publish(event, outbox))
    return _outcome(asyncio.run(_run_plan(plan, job, bus, control.stop)))


async def _run_plan(plan: Plan, job: Json, bus: EventBus, stop: StopFlag) -> RunResult:
    return await run_plan(plan, _options(job), bus, stop)


def _options(job: Json) -> RunOptions:
    return RunOptions(
        variables=job["variables"],
        working_dir=Path(job["work_dir"]),
        workflow_id=job["workflow_id"],
        workflow_name=job["workflow_name"],
        job_id=job["job_id"],
        triggered_by="job",
        timeout_seconds=job["timeout_seconds"],
        environment=job["environment"],
        allowed_paths=tuple(job["allowed_paths"]),
        node_timeout_seconds=job["node_timeout_seconds"],
        block_private_addresses=job["block_private_addresses"],
        max_result_bytes=job["max_result_bytes"],
    )


def _publish(event: DomainEvent, outbox: Outbox) -> None:
    found = envelope(event)
    if found is None:
        return
    # Encoded at once: the values in it may change before the frame is sent.
    data = _encode(found)
    if len(data) > MOST_EVENT_BYTES:
        data = _encode({**found, "data": _cut(found["data"], len(data))})
    outbox.add(data)


def _encode(value: Json) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:
        return orjson.dumps(json_safe(value))


def _cut(members: Json, size: int) -> Json:
    """The short members as they are, the beginning of long texts, and how long it all was."""
    kept: Json = {"_truncated": True, "bytes": size}
    for name, value in members.items():
        if isinstance(value, str):
            kept[name] = value[:_SHORT_TEXT]
        elif value is None or isinstance(value, (bool, int, float)):
            kept[name] = value
    return kept


def _outcome(result: RunResult) -> Json:
    """The result in the members of the wire's Finish."""
    error = result.error
    return {
        "status": result.status,
        "result": {
            "variables": dict(result.variables),
            "outputs": {key: dict(ports) for key, ports in result.outputs.items()},
            "nodes_executed": result.nodes_executed,
            "duration_ms": result.duration_ms,
        },
        "error_message": error.message[:5000] if error else None,
        "error_code": error.code if error else None,
        "failed_node_id": error.node_id if error else None,
        "failure_reason": _reason(result),
        "duration_ms": result.duration_ms,
        "nodes_executed": result.nodes_executed,
    }


def _reason(result: RunResult) -> str | None:
    match result.status:
        case "completed":
            return None
        case "cancelled":
            return FailureReason.CANCELLED
        case "timeout":
            return FailureReason.TIMEOUT
    if result.error is not None and result.error.business:
        return FailureReason.BUSINESS_ERROR
    code = result.error.code if result.error else ""
    return _REASONS.get(code, FailureReason.WORKFLOW_ERROR)


_REASONS = {
    "MEMORY_ERROR": FailureReason.OUT_OF_MEMORY,
    "DISK_FULL": FailureReason.DISK_FULL,
}


def _refused(error: WorkflowInvalid) -> Json:
    return {
        "status": "failed",
        "error_message": error.message[:5000],
        "error_code": error.code,
        "failed_node_id": next((p.node_id for p in error.problems if p.node_id), None),
        "failure_reason": FailureReason.WORKFLOW_ERROR,
    }


def _failure(error: BaseException) -> Json:
    memory = isinstance(error, MemoryError)
    return {
        "status": "failed",
        "error_message": f"{type(error).__name__}: {error}"[:5000],
        "error_code": "MEMORY_ERROR" if memory else "INTERNAL_ERROR",
        "failure_reason": (FailureReason.OUT_OF_MEMORY if memory else FailureReason.WORKFLOW_ERROR),
    }


def _encode_outcome(outcome: Json, job: Json) -> bytes:
    data = _encode(outcome)
    # The engine keeps a result within its limit; what is around the values comes on top.
    if len(data) <= job["max_result_bytes"] + (64 << 10):
        return data
    return orjson.dumps(
        {
            "status": "failed",
            "error_message": f"the result takes {len(data)} bytes",
            "error_code": "RESOURCE_EXHAUSTED",
            "failure_reason": FailureReason.RESULT_TOO_LARGE,
            "duration_ms": outcome.get("duration_ms"),
            "nodes_executed": outcome.get("nodes_executed"),
        }
    )
