"""Routes for workflows: push, list, get, delete."""

from __future__ import annotations

import time
from typing import Annotated, Any
from uuid import UUID, uuid5

from fastapi import Query

from casare_rpa.domain.workflow import Problem, invalid
from casare_rpa.engine.checks import check_fully
from casare_rpa.errors import BadRequest
from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.deps import Cursor, Desk, DeskDep, Limit, Offset, PrincipalDep
from casare_rpa.orchestrator.routing import failures
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.store import StoredWorkflow
from casare_rpa.store.operations import cron
from casare_rpa.wire import (
    JobRequest,
    ScheduleRequest,
    Workflow,
    WorkflowList,
    WorkflowSubmission,
    WorkflowSubmissionResult,
)

router = guarded_router(f"{API}/workflows", "workflows")

# The schedule that comes with a workflow has an id made of the workflow's: pushed again it is
# the same schedule.
_SCHEDULES = UUID("6f1d3c1e-5f0f-4a53-9f6e-0e7b8f1c2d3a")


@router.get("", response_model=WorkflowList)
async def list_workflows(
    desk: DeskDep,
    limit: Limit = 100,
    offset: Offset = 0,
    cursor: Cursor = None,
    name: Annotated[str | None, Query(max_length=255, description="Only this name.")] = None,
) -> WorkflowList:
    """All workflows, the last changed first, without their documents."""
    return await desk.call(
        desk.store.workflows, name=name, limit=limit, offset=offset, cursor=cursor
    )


@router.post("", response_model=WorkflowSubmissionResult, responses=failures(400, 409, 413, 422))
async def push_workflow(
    submission: WorkflowSubmission, desk: DeskDep, principal: PrincipalDep
) -> WorkflowSubmissionResult:
    """Store a workflow, or a new version of a known one.

    The document is checked first; everything wrong with it is named at once (`WORKFLOW_INVALID`).
    The same content as the current version makes no new version. Only with `trigger_type`
    given as `manual` a job is submitted as well; with `scheduled` and `schedule_cron` (in UTC) a
    schedule is made, or the one made by an earlier push is changed.
    """
    return await _push(submission, submission.workflow_id, desk, principal.name)


@router.get("/{workflow_id}", response_model=Workflow, responses=failures(404))
async def get_workflow(
    workflow_id: str,
    desk: DeskDep,
    version: Annotated[int | None, Query(ge=1, lt=2**31, description="An older version.")] = None,
) -> Workflow:
    """A workflow with its document, by id or by name."""
    return await desk.call(desk.store.workflow, workflow_id, version=version)


@router.put(
    "/{workflow_id}",
    response_model=WorkflowSubmissionResult,
    responses=failures(400, 404, 409, 413, 422),
)
async def replace_workflow(
    workflow_id: str, submission: WorkflowSubmission, desk: DeskDep, principal: PrincipalDep
) -> WorkflowSubmissionResult:
    """Store the next version of a workflow that exists."""
    known = await desk.call(desk.store.workflow, workflow_id)
    return await _push(submission, known.workflow_id, desk, principal.name)


@router.delete("/{workflow_id}", responses=failures(404))
async def delete_workflow(workflow_id: str, desk: DeskDep) -> dict[str, Any]:
    """Hide a workflow and free its name. Jobs already accepted keep their version and run."""
    found = await desk.call(desk.store.delete_workflow, workflow_id)
    return {
        "status": "success",
        "message": f"workflow {found} is deleted",
        "deleted_from": {"database": True, "filesystem": False},
    }


async def _push(
    submission: WorkflowSubmission, workflow_id: str | None, desk: Desk, principal: str
) -> WorkflowSubmissionResult:
    warnings = await desk.call(_checked, submission)
    stored = await desk.call(
        desk.store.put_workflow,
        name=submission.workflow_name,
        document=submission.workflow_json,
        workflow_id=workflow_id,
        description=_description(submission),
    )
    job_id = schedule_id = None
    if submission.trigger_type == "manual":
        job_id = await _submit(stored, submission, desk, principal)
    if submission.trigger_type == "scheduled":
        schedule_id = await _schedule(stored, submission, desk, principal)
    return _result(stored, submission, job_id, schedule_id, warnings)


def _checked(submission: WorkflowSubmission) -> list[Problem]:
    """What should be looked at in a workflow that may be stored. Raises WorkflowInvalid.

    Robots differ in the nodes they have, so that a node which this server does not know is no
    reason to refuse. Times that cannot be are refused here as well, before anything is stored.
    """
    if submission.trigger_type == "scheduled":
        if submission.schedule_cron is None:
            raise BadRequest("trigger_type scheduled needs schedule_cron", field="schedule_cron")
        cron.check(submission.schedule_cron, "UTC", after=time.time())
    workflow, problems = check_fully(
        submission.workflow_json, name=submission.workflow_name, other_types=True
    )
    if workflow is None:
        raise invalid(problems)
    return problems


def _description(submission: WorkflowSubmission) -> str:
    given = submission.metadata.get("description")
    if given is None:
        inner = submission.workflow_json.get("metadata")
        given = inner.get("description") if isinstance(inner, dict) else None
    return given if isinstance(given, str) else ""


async def _submit(
    stored: StoredWorkflow, submission: WorkflowSubmission, desk: Desk, principal: str
) -> str:
    request = JobRequest(
        workflow_id=stored.workflow.workflow_id,
        priority=submission.priority,
        execution_mode=submission.execution_mode,
    )
    submitted = await desk.call(desk.store.submit, request, principal=principal)
    return submitted.job.job_id


async def _schedule(
    stored: StoredWorkflow, submission: WorkflowSubmission, desk: Desk, principal: str
) -> str:
    workflow = stored.workflow
    request = ScheduleRequest(
        workflow_id=workflow.workflow_id,
        schedule_name=workflow.workflow_name,
        cron_expression=submission.schedule_cron or "",
        priority=submission.priority,
        execution_mode=submission.execution_mode,
    )
    made = await desk.call(
        desk.store.put_schedule,
        request,
        principal=principal,
        schedule_id=str(uuid5(_SCHEDULES, workflow.workflow_id)),
    )
    return made.schedule.schedule_id


def _result(
    stored: StoredWorkflow,
    submission: WorkflowSubmission,
    job_id: str | None,
    schedule_id: str | None,
    warnings: list[Problem],
) -> WorkflowSubmissionResult:
    workflow = stored.workflow
    did = f"stored as version {workflow.version}" if stored.created else "unchanged"
    message = f"workflow {workflow.workflow_name} is {did}"
    if job_id:
        message += f"; job {job_id} is submitted"
    if schedule_id:
        message += f"; schedule {schedule_id} runs it at {submission.schedule_cron} (UTC)"
    webhook = submission.trigger_type == "webhook"
    if webhook:
        message += "; this server starts no jobs by webhook"
    return WorkflowSubmissionResult(
        workflow_id=workflow.workflow_id,
        job_id=job_id,
        schedule_id=schedule_id,
        status="degraded" if webhook else "success",
        message=message,
        created_at=workflow.created_at,
        version=workflow.version,
        created=stored.created,
        warnings=[problem.to_dict() for problem in warnings],
    )
