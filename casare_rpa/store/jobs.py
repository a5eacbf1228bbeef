"""Jobs as people see them: submit, read, cancel, retry."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.errors import InvalidInput, InvalidTransition, NotFound
from casare_rpa.store import workflows
from casare_rpa.store.events import node_executions
from casare_rpa.store.lanes import lane_of
from casare_rpa.store.records import Cancelled, Change, Submitted
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
from casare_rpa.wire import Job, JobList, JobRequest

_ADD_JOB = sa.insert(jobs)
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
}
_LISTED = [column for column in jobs.c if column.name != "result"]


def submit(
    tx: Tx,
    request: JobRequest,
    *,
    principal: str,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
) -> Submitted:
    if idempotency_key is None:
        return Submitted(job=_accept(tx, request, principal), replayed=False)
    digest = request_hash or sha256(request.model_dump_json())
    remembered = _remembered(tx, principal, idempotency_key)
    if remembered is not None:
        if remembered["request_hash"] != digest:
            raise InvalidInput(
                "this Idempotency-Key was used for another request", field="Idempotency-Key"
            )
        return Submitted(job=job(tx, remembered["job_id"]), replayed=True)
    accepted = _accept(tx, request, principal)
    tx.run(
        sa.insert(idempotency).values(
            principal=principal,
            key=idempotency_key,
            request_hash=digest,
            job_id=accepted.job_id,
            created_at=tx.now,
        )
    )
    return Submitted(job=accepted, replayed=False)


def _remembered(tx: Tx, principal: str, key: str) -> Row | None:
    """What the key was used for; a use past its time is forgotten here."""
    mine = sa.and_(idempotency.c.principal == principal, idempotency.c.key == key)
    row = tx.row(sa.select(idempotency).where(mine))
    if row is None or row["created_at"] >= forgotten_before(tx):
        return row
    tx.run(sa.delete(idempotency).where(mine))
    return None


def forgotten_before(tx: Tx) -> float:
    return tx.now - tx.settings.idempotency_hours * 3600


def _accept(tx: Tx, request: JobRequest, principal: str) -> Job:
    workflow = workflows.find(tx, request.workflow_id)
    tags = sorted(set(request.tags))
    not_before = seconds_of(request.not_before)
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
            "lane": lane_of(request.environment, request.robot_id, tags),
            "input_data": dump(request.input_data),
            "timeout_seconds": request.timeout_seconds,
            "max_retries": request.max_retries,
            "principal": principal,
            "retry_of": None,
        },
        not_before=not_before,
    )


def _insert(tx: Tx, values: Values, *, not_before: float | None = None) -> Job:
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
    revision.add("job.queued", _queued(row))
    revision.announce(Change(kind="queue", job_id=row["id"]))
    revision.save()
    return _job(row | {"last_seq": revision.last_seq})


def _queued(row: Values) -> Values:
    story = {
        "workflow_id": row["workflow_id"],
        "workflow_name": row["workflow_name"],
        "priority": row["priority"],
        "environment": row["environment"],
    }
    return story if row["retry_of"] is None else story | {"retry_of": row["retry_of"]}


def job(tx: Tx, job_id: str, *, with_nodes: bool = False) -> Job:
    row = tx.row(sa.select(jobs).where(jobs.c.id == job_id))
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    return _job(row, node_executions=node_executions(tx, job_id) if with_nodes else [])


def jobs_(
    tx: Tx,
    *,
    status: Collection[JobStatus] = (),
    workflow_id: str | None = None,
    robot_id: str | None = None,
    environment: str | None = None,
    limit: int = 50,
    offset: int = 0,
) -> JobList:
    wanted = [
        *([jobs.c.status.in_(sorted(_stored(status)))] if status else []),
        *([jobs.c.workflow_id == workflow_id] if workflow_id is not None else []),
        *([jobs.c.robot_id == robot_id] if robot_id is not None else []),
        *([jobs.c.environment == environment] if environment is not None else []),
    ]
    newest = sa.select(*_LISTED).where(*wanted)
    newest = newest.order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
    return JobList(
        jobs=[_job(row) for row in tx.rows(newest.limit(limit).offset(offset))],
        total=tx.scalar(sa.select(sa.func.count()).select_from(jobs).where(*wanted)),
    )


def _stored(statuses: Collection[JobStatus]) -> set[str]:
    """`queued` is never written; who asks for it means pending."""
    return {
        JobStatus.PENDING.value if status == JobStatus.QUEUED else JobStatus(status).value
        for status in statuses
    }


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


def retry(tx: Tx, job_id: str, *, principal: str) -> Job:
    row = tx.row(sa.select(jobs).where(jobs.c.id == job_id))
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    if not JobStatus(row["status"]).retryable:
        raise InvalidTransition(f"job {job_id} is {row['status']}, there is nothing to retry")
    same = (
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
    )
    values = {name: row[name] for name in same}
    return _insert(tx, values | {"principal": principal, "retry_of": job_id})


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
        created_at=moment(row["created_at"]),
        claimed_at=when(row["claimed_at"]),
        started_at=when(row["started_at"]),
        completed_at=when(row["completed_at"]),
        duration_ms=row["duration_ms"],
        last_seq=row["last_seq"],
        **more,
    )
