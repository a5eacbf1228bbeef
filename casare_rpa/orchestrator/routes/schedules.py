"""Routes for schedules: jobs that are submitted by the clock."""

from __future__ import annotations

import logging
from typing import Annotated

from fastapi import Query, Response

from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import Cursor, Desk, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.wire import (
    JobList,
    Schedule,
    ScheduleChange,
    ScheduleDeleted,
    ScheduleRequest,
    ScheduleTriggered,
    UpcomingRun,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/schedules", "schedules")

WorkflowText = Annotated[
    str | None, Query(max_length=256, description="Only those of this workflow, by its id.")
]


@router.post("", status_code=201, response_model=Schedule, responses=failures(400, 404, 413, 422))
async def create_schedule(
    request: ScheduleRequest, desk: DeskDep, principal: PrincipalDep
) -> Schedule:
    """Make a schedule. Each of its times submits one job, in the name of who made it.

    `cron_expression` has five fields and is read in `timezone`; what can never fire is refused.
    The answer's `next_runs` shows the next times as clocks in that zone do.
    """
    stored = await desk.call(desk.store.put_schedule, request, principal=principal.name)
    log.info("schedule %s: made by %s", stored.schedule.schedule_id, principal.name)
    return stored.schedule


@router.get("", response_model=list[Schedule])
async def list_schedules(
    response: Response,
    desk: DeskDep,
    workflow_id: WorkflowText = None,
    enabled: Annotated[bool | None, Query(description="Only those switched on, or off.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> list[Schedule]:
    """Schedules, the newest first. The header `X-Next-Cursor` is the cursor of the next page."""
    page = await desk.call(
        desk.store.schedules,
        workflow_id=workflow_id,
        enabled=enabled,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )
    if page.next_cursor is not None:
        response.headers["X-Next-Cursor"] = page.next_cursor
    return list(page.schedules)


# Before /{schedule_id}, which would take the word for an id.
@router.get("/upcoming", response_model=list[UpcomingRun])
async def list_upcoming(
    desk: DeskDep,
    workflow_id: WorkflowText = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> list[UpcomingRun]:
    """The next time of each enabled schedule, the soonest first."""
    return await desk.call(desk.store.upcoming_runs, workflow_id=workflow_id, limit=limit)


@router.get("/{schedule_id}", response_model=Schedule, responses=failures(404, 409))
async def get_schedule(
    schedule_id: str,
    desk: DeskDep,
    next_runs: Annotated[int, Query(ge=0, le=100, description="So many next times.")] = 5,
) -> Schedule:
    """A schedule with its next times, by its id or a name that only it has."""
    return await desk.call(desk.store.schedule, schedule_id, next_runs=next_runs)


@router.put("/{schedule_id}", response_model=Schedule, responses=failures(400, 404, 409, 413, 422))
async def change_schedule(
    schedule_id: str, change: ScheduleChange, desk: DeskDep, principal: PrincipalDep
) -> Schedule:
    """Change what is given; the next time is planned anew only when the times change."""
    return await _change(schedule_id, change, desk, principal.name)


@router.put("/{schedule_id}/enable", response_model=Schedule, responses=failures(404, 409))
async def enable_schedule(schedule_id: str, desk: DeskDep, principal: PrincipalDep) -> Schedule:
    """Let it fire from its next time on; times gone by while it was off are not caught up."""
    return await _change(schedule_id, ScheduleChange(enabled=True), desk, principal.name)


@router.put("/{schedule_id}/disable", response_model=Schedule, responses=failures(404, 409))
async def disable_schedule(schedule_id: str, desk: DeskDep, principal: PrincipalDep) -> Schedule:
    """Let it fire no more; `next_run` becomes null. Jobs that it made go on."""
    return await _change(schedule_id, ScheduleChange(enabled=False), desk, principal.name)


@router.put(
    "/{schedule_id}/trigger", response_model=ScheduleTriggered, responses=failures(404, 409)
)
async def trigger_schedule(
    schedule_id: str, desk: DeskDep, principal: PrincipalDep
) -> ScheduleTriggered:
    """Submit a job of it now, whether it is enabled or not; its next time stays."""
    return await _trigger(schedule_id, desk, principal.name)


@router.post(
    "/{schedule_id}/run-now", response_model=ScheduleTriggered, responses=failures(404, 409)
)
async def run_schedule_now(
    schedule_id: str, desk: DeskDep, principal: PrincipalDep
) -> ScheduleTriggered:
    """The same as `trigger`."""
    return await _trigger(schedule_id, desk, principal.name)


@router.get("/{schedule_id}/runs", response_model=JobList, responses=failures(404, 409))
async def list_runs(
    schedule_id: str,
    desk: DeskDep,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> JobList:
    """The jobs that it made, the newest first."""
    return await desk.call(
        desk.store.schedule_runs, schedule_id, limit=limit, offset=offset, cursor=cursor
    )


@router.delete("/{schedule_id}", response_model=ScheduleDeleted, responses=failures(404, 409))
async def delete_schedule(
    schedule_id: str, desk: DeskDep, principal: PrincipalDep
) -> ScheduleDeleted:
    """Delete a schedule. Jobs that it made stay."""
    found = await desk.call(desk.store.delete_schedule, schedule_id)
    log.info("schedule %s: deleted by %s", found, principal.name)
    return ScheduleDeleted(message=f"schedule {found} is deleted")


async def _change(schedule_id: str, change: ScheduleChange, desk: Desk, who: str) -> Schedule:
    changed = await desk.call(desk.store.change_schedule, schedule_id, change)
    log.info("schedule %s: changed by %s", changed.schedule_id, who)
    return changed


async def _trigger(schedule_id: str, desk: Desk, who: str) -> ScheduleTriggered:
    job = await desk.call(desk.store.trigger_schedule, schedule_id)
    log.info("schedule %s: job %s asked for by %s", job.schedule_id, job.job_id, who)
    return ScheduleTriggered(message=f"job {job.job_id} is submitted", job_id=job.job_id)
