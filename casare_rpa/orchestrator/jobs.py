"""Routes for people: submit, look, follow, cancel, retry."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Annotated

from fastapi import Header, Query, Request, Response

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.orchestrator.deps import Desk, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.polling import poll
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.orchestrator.rules import API
from casare_rpa.orchestrator.wakeups import job_topic
from casare_rpa.store import Change
from casare_rpa.wire import (
    CancelResult,
    Job,
    JobEventList,
    JobList,
    JobRequest,
    RetryResult,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/jobs", "jobs")

_ACTIVE = (JobStatus.CLAIMED, JobStatus.RUNNING)
IdText = Annotated[str | None, Query(max_length=256)]


@router.post("", status_code=201, response_model=Job, responses=failures(400, 404, 413, 422))
async def submit_job(
    request: JobRequest,
    response: Response,
    desk: DeskDep,
    principal: PrincipalDep,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="The same key within 72 hours answers with the first job again.",
        ),
    ] = None,
) -> Job:
    """Submit a job. When the answer arrives the job is on disk and will be run.

    With an `Idempotency-Key` the call may be repeated: the same key and body give the first job
    again, marked by `Idempotency-Replayed: true`; the same key with another body is refused.
    """
    submitted = await desk.call(
        desk.store.submit, request, principal=principal.name, idempotency_key=idempotency_key
    )
    response.headers["Location"] = f"{API}/jobs/{submitted.job.job_id}"
    log.debug("job %s: submitted by %s", submitted.job.job_id, principal.name)
    if submitted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return submitted.job


@router.get("", response_model=JobList)
async def list_jobs(
    desk: DeskDep,
    status: Annotated[list[JobStatus] | None, Query(description="May be repeated.")] = None,
    workflow_id: IdText = None,
    robot_id: IdText = None,
    environment: Annotated[str | None, Query(max_length=64)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> JobList:
    """Jobs, the newest first, without results and node executions."""
    return await desk.call(
        desk.store.jobs,
        status=status or (),
        workflow_id=workflow_id,
        robot_id=robot_id,
        environment=environment,
        limit=limit,
        offset=offset,
    )


@router.get("/active", response_model=JobList)
async def list_active_jobs(desk: DeskDep, limit: Limit = 50, offset: Offset = 0) -> JobList:
    """The jobs that robots hold now: claimed and running."""
    return await desk.call(desk.store.jobs, status=_ACTIVE, limit=limit, offset=offset)


@router.get("/{job_id}", response_model=Job, responses=failures(404))
async def get_job(job_id: str, desk: DeskDep) -> Job:
    """A job with its result and what its nodes did in the last attempt."""
    return await desk.call(desk.store.job, job_id, with_nodes=True)


@router.get("/{job_id}/events", response_model=JobEventList, responses=failures(404, 422))
async def list_events(
    job_id: str,
    request: Request,
    desk: DeskDep,
    after: Annotated[int, Query(ge=0, lt=2**63, description="Events later than this seq.")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    wait_seconds: Annotated[
        float, Query(ge=0, le=30, description="Wait this long for the first one.")
    ] = 0,
) -> JobEventList:
    """The job's history, in order. Ask again with `after` set to the answer's `last_seq`."""

    async def read(_: Sequence[Change] = ()) -> tuple[JobEventList, bool]:
        page = await desk.call(desk.store.events, job_id, after=after, limit=limit)
        return page, bool(page.events) or await _is_over(desk, job_id)

    page, done = await read()
    if done or not wait_seconds:
        return page
    return await poll(request, desk, read, page, wait_seconds, [job_topic(job_id)])


async def _is_over(desk: Desk, job_id: str) -> bool:
    """Whether no more events will come, so that waiting makes no sense."""
    return (await desk.call(desk.store.job, job_id)).status.finished


@router.post("/{job_id}/cancel", response_model=CancelResult, responses=failures(404))
async def cancel_job(job_id: str, desk: DeskDep, principal: PrincipalDep) -> CancelResult:
    """Cancel a job. A pending one ends at once, a robot is asked to stop a running one.

    A job that had finished stays as it is: `cancelled` is false.
    """
    done = await desk.call(desk.store.cancel, job_id, by=principal.name)
    if done.accepted:
        log.info("job %s: cancel asked for by %s", job_id, principal.name)
    if not done.accepted:
        message = f"the job is {done.previous_status} already"
    elif done.job.status is JobStatus.CANCELLED:
        message = "the job is cancelled"
    else:
        message = "the robot is asked to stop the job"
    return CancelResult(
        job_id=job_id,
        cancelled=done.accepted,
        previous_status=done.previous_status,
        message=message,
    )


@router.post("/{job_id}/retry", response_model=RetryResult, responses=failures(404, 409))
async def retry_job(job_id: str, desk: DeskDep, principal: PrincipalDep) -> RetryResult:
    """Make a new job out of one that failed, timed out or was cancelled."""
    job = await desk.call(desk.store.retry, job_id, principal=principal.name)
    return RetryResult(
        original_job_id=job_id,
        new_job_id=job.job_id,
        message=f"job {job.job_id} repeats job {job_id}",
    )
