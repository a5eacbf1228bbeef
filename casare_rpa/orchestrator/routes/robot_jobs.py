"""Routes for robots at work: claim, report, finish. Every write names its attempt and token."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import Request

from casare_rpa import faults
from casare_rpa.errors import InvalidInput
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import DeskDep, PrincipalDep
from casare_rpa.orchestrator.live.claims import ClaimTurns, claim_now, give_back, is_resting
from casare_rpa.orchestrator.live.polling import poll
from casare_rpa.orchestrator.memory.wakeups import QUEUE, robot_topic
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.store import Change
from casare_rpa.wire import (
    ClaimRequest,
    Completed,
    EventBatch,
    EventEnvelope,
    EventsAccepted,
    ExtendLease,
    Failed,
    Finish,
    Finished,
    Grant,
    LeaseExtended,
    LogBatch,
    LogEntry,
    Progress,
    Release,
    SideLog,
)

router = guarded_router(f"{API}/jobs", "jobs for robots")

_FENCED = failures(400, 404, 410, 413, 422)
_IN_ORDER = failures(400, 404, 409, 410, 413, 422)


@router.post("/claim", response_model=Grant | None, responses=failures(400, 410, 422))
async def claim_job(
    claim: ClaimRequest, request: Request, desk: DeskDep, principal: PrincipalDep
) -> Grant | None:
    """Lease the most urgent job that this robot may run; null when there is none.

    Waits up to `wait_seconds`, and ends at once when a job comes, the robot is drained or the
    server stops. The same `claim_id` gets the same grant again, so a lost answer loses nothing.
    """
    robot_id = principal.own_robot_id
    claim_id = claim.claim_id or f"srv_{secrets.token_hex(12)}"

    grant = await claim_now(desk, robot_id, claim_id, claim.environment)
    if grant is not None:
        faults.point("answer", "claim")
    if grant is not None or not claim.wait_seconds or await is_resting(desk, robot_id):
        return grant

    async def ask(changes: Sequence[Change]) -> tuple[Grant | None, bool]:
        found = await turns.ask_again(robot_id, claim_id, claim.environment, changes)
        told = any(change.kind == "robot" for change in changes)
        return found, found is not None or (told and await is_resting(desk, robot_id))

    turns: ClaimTurns = request.app.state.claim_turns
    topics = [QUEUE, robot_topic(robot_id)]
    grant = await poll(request, desk, ask, None, claim.wait_seconds, topics)
    if grant is not None:
        faults.point("answer", "claim")
    # Nobody could ask for this grant again: its claim_id was made here.
    if grant is not None and claim.claim_id is None and await request.is_disconnected():
        await give_back(desk, robot_id, grant)
    return grant


@router.post(
    "/{job_id}/events", response_model=EventsAccepted, responses=_IN_ORDER, name="append_events"
)
async def append_events(
    job_id: str, batch: EventBatch, desk: DeskDep, principal: PrincipalDep
) -> EventsAccepted:
    """Store the next events of an attempt. Sending any of them again is harmless.

    When events before `first_index` are missing: 409 `EVENT_GAP` with the index `expected` next.
    """
    _refuse_own_types(batch.events)
    accepted = await desk.call(desk.store.append_events, principal.own_robot_id, job_id, batch)
    faults.point("answer", "append_events")
    return accepted


@router.post("/{job_id}/logs", response_model=EventsAccepted, responses=_IN_ORDER)
async def append_logs(
    job_id: str, batch: LogBatch, desk: DeskDep, principal: PrincipalDep
) -> EventsAccepted:
    """The same for log lines: each entry is stored as an event of the type `log`."""
    events = EventBatch(
        attempt=batch.attempt,
        lease_token=batch.lease_token,
        first_index=batch.first_index,
        events=[_log_event(entry) for entry in batch.entries],
    )
    return await desk.call(desk.store.append_events, principal.own_robot_id, job_id, events)


@router.post("/{job_id}/finish", response_model=Finished, responses=_IN_ORDER)
async def finish_job(
    job_id: str, outcome: Finish, desk: DeskDep, principal: PrincipalDep
) -> Finished:
    """End an attempt. Its last events may come along and are stored in the same transaction.

    Refused with 409 `EVENT_GAP` until `event_count` events are stored. Saying the same again is
    answered like the first time.
    """
    _refuse_own_types(outcome.events)
    finished = await desk.call(desk.store.finish, principal.own_robot_id, job_id, outcome)
    faults.point("answer", "finish")
    return finished


@router.post("/{job_id}/complete", responses=_IN_ORDER)
async def complete_job(
    job_id: str, outcome: Completed, desk: DeskDep, principal: PrincipalDep
) -> dict[str, Any]:
    """`finish` with the status completed."""
    finish = Finish(status="completed", **outcome.model_dump())
    await desk.call(desk.store.finish, principal.own_robot_id, job_id, finish)
    return {"job_id": job_id, "completed": True}


@router.post("/{job_id}/fail", response_model=Finished, responses=_IN_ORDER)
async def fail_job(
    job_id: str, outcome: Failed, desk: DeskDep, principal: PrincipalDep
) -> Finished:
    """`finish` with the status failed; the answer says whether the job will be tried again."""
    finish = Finish(status="failed", **outcome.model_dump())
    return await desk.call(desk.store.finish, principal.own_robot_id, job_id, finish)


@router.post("/{job_id}/extend-lease", response_model=LeaseExtended, responses=_FENCED)
async def extend_lease(
    job_id: str, extension: ExtendLease, desk: DeskDep, principal: PrincipalDep
) -> LeaseExtended:
    """Renew one lease. The heartbeat renews all of them in one call."""
    state = await desk.call_first(
        desk.store.extend_lease,
        principal.own_robot_id,
        job_id,
        extension,
        extension_seconds=extension.extension_seconds,
    )
    return LeaseExtended(
        job_id=job_id, lease_seconds=state.lease_seconds, cancel_requested=state.cancel_requested
    )


@router.put("/{job_id}/progress", responses=_FENCED)
async def report_progress(
    job_id: str, progress: Progress, desk: DeskDep, principal: PrincipalDep
) -> dict[str, Any]:
    """Say how far the job is, 0 to 100."""
    await desk.call(desk.store.progress, principal.own_robot_id, job_id, progress)
    return {
        "job_id": job_id,
        "progress": progress.progress,
        "current_node": progress.current_node,
    }


@router.post("/{job_id}/release", responses=_FENCED)
async def release_job(
    job_id: str, given: Release, desk: DeskDep, principal: PrincipalDep
) -> dict[str, Any]:
    """Give the job back to the queue, without counting a failure. A drained robot does this."""
    released = await desk.call(
        desk.store.release, principal.own_robot_id, job_id, given, reason=given.reason
    )
    return {"job_id": job_id, "released": True, "status": released.status}


@router.post("/{job_id}/side-log", responses=_FENCED)
async def side_log(
    job_id: str, batch: SideLog, desk: DeskDep, principal: PrincipalDep
) -> dict[str, Any]:
    """Keep what an attempt did after it had lost its lease, apart from the job's history."""
    accepted = await desk.call(desk.store.side_log, principal.own_robot_id, job_id, batch)
    return {"job_id": job_id, "accepted": accepted}


def _refuse_own_types(events: Sequence[EventEnvelope]) -> None:
    """Only this server says what became of a job; watchers stop at its word."""
    for event in events:
        if event.type.startswith("job."):
            raise InvalidInput(
                f"events of the type {event.type} are written by the orchestrator alone",
                field="events",
            )


def _log_event(entry: LogEntry) -> EventEnvelope:
    """*entry* with its own time where it has one."""
    return EventEnvelope(
        type="log",
        timestamp=entry.timestamp or datetime.now(UTC),
        data=entry.model_dump(mode="json", exclude={"timestamp"}),
    )
