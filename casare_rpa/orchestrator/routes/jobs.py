"""Routes for people: submit, look, follow, cancel, retry."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import Header, Query, Request, Response
from pydantic import StringConstraints

from casare_rpa import faults
from casare_rpa.domain.jobs import JobStatus
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import Cursor, Desk, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.live.polling import poll
from casare_rpa.orchestrator.memory.wakeups import job_topic
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.store import Change
from casare_rpa.wire import (
    CancelResult,
    Job,
    JobEventList,
    JobList,
    JobPreview,
    JobRequest,
    JobSort,
    JobsPruned,
    JobWhy,
    PreviewRequest,
    Rerun,
    RerunRequest,
    Resolve,
    RetryResult,
    SideEventList,
    SubmittedJob,
)

log = logging.getLogger(__name__)

router = guarded_router(f"{API}/jobs", "jobs")

_ACTIVE = (JobStatus.CLAIMED, JobStatus.RUNNING)
_SORTS = (
    "`ended` lists jobs that have ended, `priority` (the most urgent, then the oldest) those that"
    " have not. `-created`, but `-ended` with `ended_since` or `ended_until`."
)
Tag = Annotated[str, StringConstraints(min_length=1, max_length=64)]
IdText = Annotated[str | None, Query(max_length=256)]


@router.post(
    "",
    status_code=201,
    response_model=SubmittedJob,
    responses={**failures(400, 404, 409, 413, 422), 200: {"model": SubmittedJob}},
)
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
) -> SubmittedJob:
    """Submit a job. When the answer arrives the job is on disk and will be run.

    With an `Idempotency-Key` the call may be repeated: the same key and body give the first job
    again, marked by `Idempotency-Replayed: true`; the same key with another body is refused.

    `on_conflict` says what happens while a job of the same workflow has not ended: `existing` and
    `skip` answer 200 with that job and `submitted` false, `fail` answers 409.
    """
    submitted = await desk.call(
        desk.store.submit, request, principal=principal.name, idempotency_key=idempotency_key
    )
    faults.point("answer", "submit")
    response.headers["Location"] = f"{API}/jobs/{submitted.job.job_id}"
    log.debug("job %s: submitted by %s", submitted.job.job_id, principal.name)
    if submitted.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    if not submitted.submitted:
        response.status_code = 200
    return SubmittedJob.model_construct(**dict(submitted.job), submitted=submitted.submitted)


@router.post("/preview", response_model=JobPreview, responses=failures(400, 413, 422))
async def preview_job(request: PreviewRequest, desk: DeskDep) -> JobPreview:
    """What a submit would do and which robots could run the job. Nothing is stored.

    The workflow may be one that is not there yet: `workflow_version` is null then. What it needs
    of robots is read from `workflow_json` if that is given, else from the stored workflow.
    """
    return await desk.call(desk.store.preview, request)


@router.get("", response_model=JobList)
async def list_jobs(
    desk: DeskDep,
    status: Annotated[list[JobStatus] | None, Query(description="May be repeated.")] = None,
    workflow_id: IdText = None,
    robot_id: IdText = None,
    environment: Annotated[str | None, Query(max_length=64)] = None,
    tag: Annotated[
        list[Tag] | None, Query(max_length=32, description="May be repeated: all of them.")
    ] = None,
    priority: Annotated[int | None, Query(ge=0, le=20)] = None,
    run_again: Annotated[
        bool | None, Query(description="Whether another job retries or reruns it.")
    ] = None,
    since: Annotated[datetime | None, Query(description="Made then or later.")] = None,
    until: Annotated[datetime | None, Query(description="Made before that.")] = None,
    ended_since: Annotated[datetime | None, Query(description="Ended then or later.")] = None,
    ended_until: Annotated[datetime | None, Query(description="Ended before that.")] = None,
    sort: Annotated[JobSort | None, Query(description=_SORTS)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> JobList:
    """Jobs without results and node executions, the newest first unless `sort` says otherwise.

    All filters that are given must fit. `robot_id` finds the jobs that the robot has or had, and
    those that wait for it. A time without a zone is taken for UTC. What is added meanwhile moves
    no page behind a `cursor`; `total` is null there, since counting costs more than a page.
    """
    return await desk.call(
        desk.store.jobs,
        status=status or (),
        workflow_id=workflow_id,
        robot_id=robot_id,
        environment=environment,
        tags=tag or (),
        priority=priority,
        run_again=run_again,
        since=since,
        until=until,
        ended_since=ended_since,
        ended_until=ended_until,
        sort=sort,
        limit=limit,
        offset=offset,
        cursor=cursor,
    )


@router.get("/active", response_model=JobList)
async def list_active_jobs(
    desk: DeskDep, limit: Limit = 50, offset: Offset = 0, cursor: Cursor = None
) -> JobList:
    """The jobs that robots hold now: claimed and running."""
    return await desk.call(
        desk.store.jobs, status=_ACTIVE, limit=limit, offset=offset, cursor=cursor
    )


@router.get("/{job_id}", response_model=Job, responses=failures(404, 410))
async def get_job(job_id: str, desk: DeskDep) -> Job:
    """A job with its result, what its nodes did in the last attempt, and what it waits for."""
    return await desk.call(desk.store.job, job_id, with_nodes=True)


@router.get("/{job_id}/why", response_model=JobWhy, responses=failures(404, 410))
async def explain_job(job_id: str, desk: DeskDep) -> JobWhy:
    """Why a job does not run: for each robot what keeps it from the job, and what would end that.

    Computed when asked, by the rules that a claim follows.
    """
    return await desk.call(desk.store.why, job_id)


@router.get("/{job_id}/events", response_model=JobEventList, responses=failures(404, 410, 422))
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


@router.get("/{job_id}/side-log", response_model=SideEventList, responses=failures(404, 410, 422))
async def list_side_events(
    job_id: str,
    desk: DeskDep,
    attempt: Annotated[int, Query(ge=0, lt=2**31, description="Go on in this attempt ...")] = 0,
    after: Annotated[int, Query(ge=0, lt=2**31, description="... behind this index.")] = 0,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
) -> SideEventList:
    """What attempts still had to say that had lost the job: their robots brought it too late.

    `seq` is the attempt's own index. It is no part of the job's history.
    """
    events = await desk.call(
        desk.store.side_events, job_id, attempt=attempt, after=after, limit=limit
    )
    return SideEventList(events=events)


@router.post("/prune", response_model=JobsPruned, responses=failures(422))
async def prune_jobs(
    desk: DeskDep,
    principal: PrincipalDep,
    older_than_seconds: Annotated[float, Query(ge=0, le=36500 * 86400)],
    dry_run: bool = False,
) -> JobsPruned:
    """Delete jobs that ended so long ago, with their history, results and dead letters.

    One call deletes some; ask again while `more` is true. With `dry_run` all are only counted.
    """
    if dry_run:
        count = await desk.call(desk.store.count_prunable, older_than_seconds=older_than_seconds)
        return JobsPruned(jobs=count, dry_run=True, more=False)
    count = await desk.call(desk.store.prune, older_than_seconds=older_than_seconds)
    log.info("%d old jobs deleted by %s", count, principal.name)
    return JobsPruned(jobs=count, dry_run=False, more=count > 0)


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


@router.post("/{job_id}/rerun", response_model=Rerun, responses=failures(404, 409, 410, 422))
async def rerun_job(
    job_id: str, request: RerunRequest, desk: DeskDep, principal: PrincipalDep
) -> Rerun:
    """Make a new job that goes on where an ended one stood; the outputs of finished nodes stay.

    A run can begin at each node of the outermost chain that had begun. With `dry_run` it is only
    said what would run and which side effects already happened. Refused (409) when what a run needs
    there was not kept (`details.lost`; `details.from_node` names the latest node before that
    works), and when side effects would happen again (`details.side_effects`) that the request does
    not accept.
    """
    done = await desk.call(desk.store.rerun, job_id, request, principal=principal.name)
    if done.new_job_id is not None:
        log.info("job %s: run again by %s: %s", job_id, principal.name, done.message)
    return done


@router.post("/{job_id}/resolve", response_model=Job, responses=failures(400, 404, 409, 413, 422))
async def resolve_job(job_id: str, word: Resolve, desk: DeskDep, principal: PrincipalDep) -> Job:
    """Say how a job ended where only a person can know, and why.

    For a job that failed or timed out for good, one cancelled after it had begun to act on the
    outside world, and one that waits for another attempt after such a one. An ended job keeps its
    status and gets a `resolution`; `requeue` makes a new job of it, once. One that waits is
    cancelled, or with `requeue` offered at once.
    """
    job = await desk.call(desk.store.resolve, job_id, word, principal=principal.name)
    log.info("job %s: resolved as %s by %s: %r", job_id, word.outcome, principal.name, word.reason)
    return job
