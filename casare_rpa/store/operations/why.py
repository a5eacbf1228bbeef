"""Why a job does not run: computed when asked, robot by robot."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import NotFound
from casare_rpa.store.operations import conflicts, lanes, retention, robots, submits, workflows
from casare_rpa.store.operations.revision import COLUMNS
from casare_rpa.store.operations.robots import Figures
from casare_rpa.store.operations.verdicts import MOST_COUNTED, Wanted, in_sentences, judged
from casare_rpa.store.tables import is_ready
from casare_rpa.store.tables import jobs as table
from casare_rpa.store.tx import Row, Tx, when
from casare_rpa.wire import Decision, Job, JobPreview, JobRequest, JobWhy, PreviewRequest

_ORDER = (table.c.priority, table.c.created_at, table.c.id)
_EARLIER = (
    sa.select(table.c.id)
    .where(is_ready, table.c.lane == sa.bindparam("this_lane", type_=sa.Text))
    .where(
        sa.tuple_(*_ORDER)
        < sa.tuple_(*(sa.bindparam(f"my_{c.name}", type_=c.type) for c in _ORDER))
    )
    .limit(MOST_COUNTED)
)
# Built once, as a job that is pending is asked for often.
_AHEAD = sa.select(sa.func.count().label("count")).select_from(_EARLIER.subquery())
#: As many robots are looked at: a fleet is thousands.
_MOST_ROBOTS = 100_000


def why(tx: Tx, figures: Figures, job_id: str) -> JobWhy:
    row = tx.row(sa.select(*COLUMNS).where(table.c.id == job_id))
    if row is None:
        raise retention.missing(tx, job_id)
    status = JobStatus(row["status"])
    if status.finished:
        found = JobWhy(verdict="ended", message=_ended(row))
    elif status.active:
        found = JobWhy(verdict="held", message=_held(row))
    else:
        found = _judged(tx, figures, _wanted_by(tx, row))
    return found.model_copy(update={"job_id": job_id, "status": status})


def with_reasons(tx: Tx, figures: Figures, job: Job) -> Job:
    """*job* with what it waits for, if it is pending."""
    if job.status is not JobStatus.PENDING:
        return job
    waits_for = in_sentences(why(tx, figures, job.job_id))
    return job.model_copy(update={"waits_for": waits_for})


def preview(tx: Tx, figures: Figures, request: PreviewRequest) -> JobPreview:
    try:
        workflow = workflows.find(tx, request.workflow_id)
    except NotFound:
        workflow = None
    there = _in_the_way(tx, request, workflow)
    return JobPreview(
        workflow_id=request.workflow_id if workflow is None else workflow["id"],
        workflow_version=None if workflow is None else workflow["version"],
        on_conflict=request.on_conflict,
        conflicting_job_id=there,
        decision=_decision(request, there),
        why=_judged(tx, figures, _wanted_for(tx, request, workflow)),
    )


def _decision(request: JobRequest, there: str | None) -> Decision:
    if there is None or request.on_conflict == "queue":
        return "submit"
    return request.on_conflict


def _in_the_way(tx: Tx, request: JobRequest, workflow: Row | None) -> str | None:
    if workflow is None or request.on_conflict == "queue":
        return None
    found = conflicts.first_open(tx, workflow["id"])
    return None if found is None else str(found["id"])


def _ended(row: Row) -> str:
    reason = f" ({row['failure_reason']})" if row["failure_reason"] else ""
    return f"it has ended: {row['status']}{reason}"


def _held(row: Row) -> str:
    stopping = ", which is asked to stop it" if row["cancel_requested"] else ""
    return f"the robot {row['robot_id']} has it: {row['status']}{stopping}"


def _wanted_by(tx: Tx, row: Row) -> Wanted:
    reason = "it is submitted for later"
    if row["attempt"]:
        reason = f"it waits before it is tried again, after attempt {row['attempt']}"
    return Wanted(
        lane=row["lane"],
        waits_until=_later(tx, row["ready_at"]),
        reason=reason,
        ahead=_ahead(tx, row["lane"], row["priority"], row["created_at"], row["id"]),
    )


def _wanted_for(tx: Tx, request: PreviewRequest, workflow: Row | None) -> Wanted:
    needed: tuple[str, ...] = ()
    if request.workflow_json is not None:
        needed = workflows.required_in(request.workflow_json)
    elif workflow is not None:
        needed = workflows.requires(tx, workflow)
    lane = lanes.lane_of(request.environment, request.robot_id, request.tags, needed)
    return Wanted(
        lane=lane,
        waits_until=_later(tx, submits.start_time(tx, request)),
        reason="it is submitted for later",
        ahead=_ahead(tx, lane, request.priority, tx.now, ""),
    )


def _later(tx: Tx, time: float | None) -> datetime | None:
    """*time* unless it has come: a claim hands out what is due, whoever has noticed (see claim)."""
    return when(time) if time is not None and time > tx.now else None


def _ahead(tx: Tx, lane: str, priority: int, created_at: float, job_id: str) -> int:
    mine = {"my_priority": priority, "my_created_at": created_at, "my_id": job_id}
    row = tx.row(_AHEAD, {"this_lane": lane, **mine})
    return 0 if row is None else int(row["count"])


def _judged(tx: Tx, figures: Figures, wanted: Wanted) -> JobWhy:
    return judged(wanted, robots.robots_(tx, figures, limit=_MOST_ROBOTS).robots)
