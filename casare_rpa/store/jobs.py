"""Jobs as people see them: submit, read, cancel, retry."""

from __future__ import annotations

from typing import Any, Unpack

import sqlalchemy as sa

from casare_rpa.domain.jobs import STARTS_ANYWHERE, FailureReason, JobStatus
from casare_rpa.errors import InvalidInput, InvalidTransition, NotFound
from casare_rpa.store import conflicts, dead_letters, job_lists, retention, workflows
from casare_rpa.store.events import node_executions
from casare_rpa.store.lanes import lane_of, parts
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Cancelled, Change, JobFilter, Submitted
from casare_rpa.store.reruns import Plan
from casare_rpa.store.revision import Revision, locked
from casare_rpa.store.tables import idempotency, jobs
from casare_rpa.store.tx import (
    Row,
    Tx,
    Values,
    dump,
    load,
    moment,
    new_id,
    seconds_of,
    sha256,
    when,
)
from casare_rpa.wire import Job, JobList, JobRequest, JobSort, Rerun

_ADD_JOB = Prepared(sa.insert(jobs))
_JOB = Prepared(sa.select(jobs).where(jobs.c.id == sa.bindparam("this_job")))
_USE_OF_KEY = Prepared(
    sa.select(idempotency).where(
        idempotency.c.principal == sa.bindparam("principal"),
        idempotency.c.key == sa.bindparam("key"),
    )
)
_ADD_USE_OF_KEY = Prepared(sa.insert(idempotency))
_NUMBERS = (
    "attempt",
    "failures",
    "crashes",
    "releases",
    "last_seq",
    "last_index",
    "progress",
)
#: A new job's row but for what makes it this one.
_BLANK: Values = {
    **{column.name: None for column in jobs.c},
    **{name: 0 for name in _NUMBERS},
    "status": JobStatus.PENDING.value,
    "cancel_requested": False,
    "side_effects": False,
}
_ORIGINS = ("retry_of", "rerun_of", "from_node", "schedule_id")
#: What a job that repeats another takes over.
_SAME = (
    "workflow_id",
    "workflow_version",
    "workflow_name",
    "priority",
    "environment",
    "pinned_robot_id",
    "tags",
    "lane",
    "input_data",
    "timeout_seconds",
    "max_retries",
    "on_lost",
    "rerun_of",
    "from_node",
    "start_state",
)


def submit(
    tx: Tx,
    request: JobRequest,
    *,
    principal: str,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
    schedule_id: str | None = None,
    scheduled_for: float | None = None,
) -> Submitted:
    origin = {"schedule_id": schedule_id, "scheduled_for": scheduled_for}
    if idempotency_key is None:
        return _accept(tx, request, principal, origin)
    digest = request_hash or _digest(request)
    remembered = _remembered(tx, principal, idempotency_key)
    if remembered is not None:
        if remembered["request_hash"] != digest:
            raise InvalidInput(
                "this Idempotency-Key was used for another request", field="Idempotency-Key"
            )
        found = job(tx, remembered["job_id"])
        # A key is noted in the transaction that makes its job.
        made = found.created_at == moment(remembered["created_at"])
        return Submitted(job=found, replayed=True, submitted=made)
    accepted = _accept(tx, request, principal, origin)
    use = {
        "principal": principal,
        "key": idempotency_key,
        "request_hash": digest,
        "job_id": accepted.job.job_id,
        "created_at": tx.now,
    }
    tx.run(_ADD_USE_OF_KEY, use)
    return accepted


def _digest(request: JobRequest) -> str:
    """A field that came later counts only when given: a key from before an upgrade still fits."""
    later = ("on_lost", "on_conflict", "start_in_seconds")
    fields = JobRequest.model_fields
    unused = {name for name in later if getattr(request, name) == fields[name].default}
    return sha256(request.model_dump_json(exclude=unused))


def _remembered(tx: Tx, principal: str, key: str) -> Row | None:
    """What the key was used for; a use past its time is forgotten here."""
    row = tx.row(_USE_OF_KEY, {"principal": principal, "key": key})
    if row is None or row["created_at"] >= forgotten_before(tx):
        return row
    mine = sa.and_(idempotency.c.principal == principal, idempotency.c.key == key)
    tx.run(sa.delete(idempotency).where(mine))
    return None


def forgotten_before(tx: Tx) -> float:
    return tx.now - tx.settings.idempotency_hours * 3600


def _accept(tx: Tx, request: JobRequest, principal: str, origin: Values) -> Submitted:
    workflow = workflows.find(tx, request.workflow_id)
    there = conflicts.answer(tx, request, workflow)
    if there is not None:
        return Submitted(job=job(tx, there), replayed=False, submitted=False)
    return Submitted(job=_make(tx, request, workflow, principal, origin), replayed=False)


def _make(tx: Tx, request: JobRequest, workflow: Row, principal: str, origin: Values) -> Job:
    tags = sorted(set(request.tags))
    needed = workflows.requires(tx, workflow)
    return _insert(
        tx,
        {
            "workflow_id": workflow["id"],
            "workflow_version": workflow["version"],
            "workflow_name": workflow["name"],
            "priority": request.priority,
            "environment": request.environment,
            "pinned_robot_id": request.robot_id,
            "tags": dump(tags),
            "lane": lane_of(request.environment, request.robot_id, tags, needed),
            "input_data": dump(request.input_data),
            "timeout_seconds": request.timeout_seconds,
            "max_retries": request.max_retries,
            "on_lost": request.on_lost or workflows.on_lost(tx, workflow),
            "principal": principal,
            "retry_of": None,
            "schedule_id": origin["schedule_id"],
        },
        not_before=start_time(tx, request),
        scheduled_for=origin["scheduled_for"],
    )


def start_time(tx: Tx, request: JobRequest) -> float | None:
    """Before which the job is handed to nobody; None: at once."""
    times = [] if request.not_before is None else [seconds_of(request.not_before) or 0.0]
    if request.start_in_seconds is not None:
        times.append(tx.now + request.start_in_seconds)
    return max(times, default=None)


def _insert(
    tx: Tx,
    values: Values,
    *,
    not_before: float | None = None,
    scheduled_for: float | None = None,
) -> Job:
    waits = not_before is not None and not_before > tx.now
    row = _BLANK | values
    row |= {
        "id": new_id(tx.now),
        "created_at": tx.now,
        "ready": not waits,
        "ready_at": not_before if waits else None,
    }
    tx.run(_ADD_JOB, row)
    revision = Revision(tx, row)
    revision.add("job.queued", _queued(row, scheduled_for))
    revision.announce(Change(kind="queue", job_id=row["id"]))
    revision.save()
    return _job(row | {"last_seq": revision.last_seq})


def _queued(row: Values, scheduled_for: float | None) -> Values:
    story = {
        "workflow_id": row["workflow_id"],
        "workflow_name": row["workflow_name"],
        "priority": row["priority"],
        "environment": row["environment"],
    }
    more = {name: row[name] for name in _ORIGINS if row[name] is not None}
    if scheduled_for is not None:
        more["scheduled_for"] = moment(scheduled_for).isoformat()
    return story | more


def job(tx: Tx, job_id: str, *, with_nodes: bool = False) -> Job:
    row = tx.row(_JOB, {"this_job": job_id})
    if row is None:
        raise retention.missing(tx, job_id)
    return _job(row, node_executions=node_executions(tx, job_id) if with_nodes else [])


def jobs_(
    tx: Tx,
    *,
    sort: JobSort | None = None,
    cursor: str | None = None,
    limit: int = 50,
    offset: int = 0,
    **wanted: Unpack[JobFilter],
) -> JobList:
    rows, next_cursor = job_lists.find(
        tx, wanted, sort=sort, cursor=cursor, limit=limit, offset=offset
    )
    return JobList(
        jobs=[_job(row) for row in rows],
        total=job_lists.count(tx, wanted, sort=sort) if cursor is None else None,
        next_cursor=next_cursor,
    )


def counts(tx: Tx) -> dict[JobStatus, int]:
    query = sa.select(jobs.c.status, sa.func.count().label("count")).group_by(jobs.c.status)
    found = {row["status"]: row["count"] for row in tx.rows(query)}
    return {status: found.get(status.value, 0) for status in JobStatus}


def cancel(tx: Tx, job_id: str, *, by: str = "") -> Cancelled:
    revision = Revision(tx, locked(tx, job_id))
    before = revision.status
    if before is JobStatus.PENDING:
        revision.conclude(
            JobStatus.CANCELLED,
            "job.cancelled",
            {"reason": "cancelled before it was claimed", "by": by, "status": "cancelled"},
            cancel_requested=True,
            failure_reason=FailureReason.CANCELLED.value,
        )
    elif before.active and not revision.row["cancel_requested"]:
        revision.set(cancel_requested=True)
        revision.add("job.cancel_requested", {"by": by})
        robot_id = revision.row["robot_id"]
        revision.announce(Change(kind="cancel", job_id=job_id, robot_id=robot_id))
    revision.save()
    return Cancelled(previous_status=before, job=job(tx, job_id))


def retry(tx: Tx, job_id: str, *, principal: str, by: str | None = None) -> Job:
    row = _to_repeat(tx, job_id)
    if not JobStatus(row["status"]).retryable:
        raise InvalidTransition(f"job {job_id} is {row['status']}, there is nothing to retry")
    values = {name: row[name] for name in _SAME}
    again = _insert(tx, values | {"principal": principal, "retry_of": job_id})
    dead_letters.note_dealt_with(tx, job_id, by=by or principal, new_job_id=again.job_id)
    return again


def _to_repeat(tx: Tx, job_id: str) -> Row:
    """The job's row, locked, so that no person settles it meanwhile."""
    row = tx.row(sa.select(jobs).where(jobs.c.id == job_id).with_for_update())
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    resolution = load(row["resolution"]) or {}
    if resolution.get("outcome") == "succeeded":
        raise InvalidTransition(
            f"job {job_id} was resolved as succeeded by {resolution['resolved_by']},"
            " it is not run again"
        )
    return row


def rerun(tx: Tx, job_id: str, plan: Plan, *, principal: str) -> Rerun:
    row = _to_repeat(tx, job_id)
    values = {name: row[name] for name in _SAME} | plan.values
    values["lane"] = _lane_of_rerun(tx, values)
    for name in ("input_data", "start_state"):
        if values[name] is not None:
            values[name] = dump(values[name])
    again = _insert(tx, values | {"principal": principal})
    dead_letters.note_dealt_with(tx, job_id, by=principal, new_job_id=again.job_id)
    at = "from its first node" if plan.shown.from_node is None else f"from {plan.shown.from_node}"
    message = f"job {again.job_id} runs job {job_id} again {at}"
    return plan.shown.model_copy(update={"new_job_id": again.job_id, "message": message})


def _lane_of_rerun(tx: Tx, values: Values) -> str:
    """Its workflow may be another version, and not every robot can begin in the middle."""
    needed = workflows.requires_of(tx, values["workflow_id"], values["workflow_version"])
    if values["start_state"] is not None:
        needed += (STARTS_ANYWHERE,)
    tags = load(values["tags"])
    return lane_of(values["environment"], values["pinned_robot_id"], tags, needed)


def _job(row: Row | Values, **more: Any) -> Job:
    return Job(
        job_id=row["id"],
        id=row["id"],
        workflow_id=row["workflow_id"],
        workflow_name=row["workflow_name"],
        workflow_version=row["workflow_version"],
        robot_id=row["robot_id"] or row["pinned_robot_id"],
        status=row["status"],
        cancel_requested=row["cancel_requested"],
        priority=row["priority"],
        environment=row["environment"],
        tags=load(row["tags"]),
        requires=sorted(parts(row["lane"]).capabilities),
        progress=row["progress"],
        current_node=row["current_node"],
        input_data=load(row["input_data"]),
        result=load(row.get("result")),
        error_message=row["error_message"],
        error_type=row["error_type"],
        failed_node_id=row["failed_node_id"],
        failure_reason=row["failure_reason"],
        attempt=row["attempt"],
        retry_count=row["failures"] + row["crashes"],
        max_retries=row["max_retries"],
        schedule_id=row["schedule_id"],
        rerun_of=row["rerun_of"],
        from_node=row["from_node"],
        on_lost=row["on_lost"],
        side_effects=row["side_effects"],
        created_at=moment(row["created_at"]),
        claimed_at=when(row["claimed_at"]),
        started_at=when(row["started_at"]),
        completed_at=when(row["completed_at"]),
        duration_ms=row["duration_ms"],
        last_seq=row["last_seq"],
        resolution=load(row["resolution"]),
        **more,
    )
