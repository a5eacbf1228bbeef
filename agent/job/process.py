"""The job's own process: runs one workflow through the engine and reports to the agent."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
from pathlib import Path

import orjson

from agent.job import frames
from agent.job.asking import Asking
from agent.job.life import Connection
from agent.job.outbox import Outbox
from casare_rpa.ai_services import AiServices
from casare_rpa.browser_programs import choose
from casare_rpa.domain.events import DomainEvent, EventBus
from casare_rpa.domain.jobs import FailureReason
from casare_rpa.domain.json_values import Json, json_safe
from casare_rpa.domain.workflow import parse_workflow
from casare_rpa.engine import RunOptions, RunResult, compile_workflow, run_plan
from casare_rpa.engine.envelopes import acts_outside, envelope
from casare_rpa.engine.result import json_size
from casare_rpa.engine.secrecy.masking import Secrets
from casare_rpa.engine.stop import StopFlag
from casare_rpa.engine.walking.resume import StartPoint
from casare_rpa.errors import WorkflowInvalid
from casare_rpa.secrets import FindSecret

if sys.platform != "win32":
    from agent.job.limits import hold

log = logging.getLogger(__name__)

#: A larger event is cut down: one upload must hold it.
MOST_EVENT_BYTES = 128 << 10
_SHORT_TEXT = 2000
_NICENESS = 5
_OOM_SCORE = "500"


def run(talk: Connection, scratch: str = "") -> int:
    """Receive a job, wait for the word to start, run it, send its outcome. The exit code is 0.

    *scratch* is a folder that goes with this process.
    """
    try:
        job: Json = orjson.loads(talk.recv_bytes()[1:])
    except (EOFError, OSError):
        return 0  # made ready for a job that never came
    job["scratch_dir"] = scratch
    _settle(job)
    outbox = Outbox(talk)
    asking = Asking(outbox)
    control = _Control(talk, asking)
    outcome: Json | None
    try:
        outcome = _run_job(job, talk, control, outbox, asking.find)
    except BaseException as error:  # a workflow may raise anything, also SystemExit
        log.exception("the job's process failed")
        outcome = _failure(error, asking.masked)
    outbox.close()
    if outcome is not None:
        _told(talk, frames.OUTCOME + _encode_outcome(outcome, job))
    logging.shutdown()
    asking.close()
    return 0


class _Control(threading.Thread):
    """Listens to the agent: `go` says that the lease holds, `stop` asks the run to end.

    Answers to what the job asks go to *asking*.
    """

    def __init__(self, talk: Connection, asking: Asking) -> None:
        super().__init__(name="control", daemon=True)
        self.stop = StopFlag()
        self._decided = threading.Event()
        self._may_start = False
        self._talk = talk
        self._asking = asking
        self.start()

    def wait_for_go(self) -> bool:
        """Whether the run may start; False when the agent is gone, and the lease with it."""
        self._decided.wait()
        return self._may_start

    def run(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                frame = self._talk.recv_bytes()
                if frame[:1] == frames.SECRET:
                    self._asking.answered(frame[1:])
                    continue
                if frame[:1] == frames.CANCEL:
                    self.stop.request(frame[1:].decode() or "cancelled")
                self._may_start = True
                self._decided.set()
        self._decided.set()
        self._asking.end()


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
    choose(job["browser_path"])
    if sys.platform != "win32":
        with contextlib.suppress(OSError):
            os.nice(_NICENESS)
        hold(job["memory_bytes"], job["processes"])
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def _run_job(
    job: Json, talk: Connection, control: _Control, outbox: Outbox, find_secret: FindSecret
) -> Json | None:
    """How the run ended; None when the agent was gone before it could start."""
    try:
        plan = compile_workflow(parse_workflow(job["workflow_json"]))
    except WorkflowInvalid as error:
        return _refused(error)
    if not _told(talk, frames.READY) or not control.wait_for_go():
        return None
    bus = EventBus(max_history=1)
    bus.subscribe_all(lambda event: _publish(event, outbox))
    options = _options(job, find_secret)
    return _outcome(asyncio.run(run_plan(plan, options, bus, control.stop)))


def _told(talk: Connection, frame: bytes) -> bool:
    """Whether the agent was there to hear it."""
    try:
        talk.send_bytes(frame)
    except OSError:
        return False
    return True


def _options(job: Json, find_secret: FindSecret) -> RunOptions:
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
        templates_dir=job["templates_dir"],
        node_timeout_seconds=job["node_timeout_seconds"],
        block_private_addresses=job["block_private_addresses"],
        browser_headless=job["browser_headless"],
        ai=AiServices(**job["ai"]),
        scratch_dir=Path(job["scratch_dir"]) if job["scratch_dir"] else None,
        max_result_bytes=job["max_result_bytes"],
        find_secret=find_secret,
        start=None if job["start"] is None else StartPoint.parse(job["start"]),
        tells_start_points=True,
        tells_left_files=True,
    )


def _publish(event: DomainEvent, outbox: Outbox) -> None:
    found = envelope(event)
    if found is None:
        return
    if _has_endless_text(found["data"]):
        found = {**found, "data": _cut(found["data"], json_size(found))}
    # Encoded at once: the values in it may change before the frame is sent.
    data = _encode(found)
    if len(data) > MOST_EVENT_BYTES:
        data = _encode({**found, "data": _cut(found["data"], len(data))})
    outbox.add(data, acted=_has_acted(found))


def _has_endless_text(members: Json) -> bool:
    """A text that fills the job's memory is cut before it is copied."""
    return any(type(each) is str and len(each) > MOST_EVENT_BYTES for each in members.values())


def _has_acted(found: Json) -> bool:
    ended = found["type"] in ("node.completed", "node.failed")
    return ended and acts_outside(found["data"]["node_type"])


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
    message = f"{error.message} ({error.hint})" if error.hint else error.message
    return {
        "status": "failed",
        "error_message": message[:5000],
        "error_code": error.code,
        "failed_node_id": next((p.node_id for p in error.problems if p.node_id), None),
        "failure_reason": FailureReason.WORKFLOW_ERROR,
    }


def _failure(error: BaseException, masked: Secrets) -> Json:
    text = masked.text(f"{type(error).__name__}: {error}")
    memory = isinstance(error, MemoryError)
    return {
        "status": "failed",
        "error_message": text[:5000],
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
