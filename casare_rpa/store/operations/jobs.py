"""Jobs as people see them: read, counted, cancelled."""

from __future__ import annotations

from typing import Any, Unpack

import sqlalchemy as sa

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.store.operations import job_lists, retention
from casare_rpa.store.operations.events import node_executions
from casare_rpa.store.operations.lanes import parts
from casare_rpa.store.operations.revision import Revision, locked
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Cancelled, Change, JobFilter
from casare_rpa.store.tables import jobs
from casare_rpa.store.tx import (
    Row,
    Tx,
    Values,
    load,
    moment,
    when,
)
from casare_rpa.wire import Job, JobList, JobSort

_JOB = Prepared(sa.select(jobs).where(jobs.c.id == sa.bindparam("this_job")))


def job(tx: Tx, job_id: str, *, with_nodes: bool = False) -> Job:
    row = tx.row(_JOB, {"this_job": job_id})
    if row is None:
        raise retention.missing(tx, job_id)
    return shown(row, node_executions=node_executions(tx, job_id) if with_nodes else [])


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
        jobs=[shown(row) for row in rows],
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


def shown(row: Row | Values, **more: Any) -> Job:
    """The job of *row*, as people see it."""
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
