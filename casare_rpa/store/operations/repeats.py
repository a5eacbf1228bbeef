"""Jobs that are run again: retried from the start, or rerun from a node."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.domain.jobs import STARTS_ANYWHERE, JobStatus
from casare_rpa.errors import InvalidTransition, NotFound
from casare_rpa.store.operations import dead_letters, new_jobs, workflows
from casare_rpa.store.operations.lanes import lane_of
from casare_rpa.store.operations.reruns import Plan, check_not_settled
from casare_rpa.store.tables import jobs
from casare_rpa.store.tx import Row, Tx, Values, dump, load
from casare_rpa.wire import Job, Rerun

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


def retry(tx: Tx, job_id: str, *, principal: str, by: str | None = None) -> Job:
    row = _to_repeat(tx, job_id)
    if not JobStatus(row["status"]).retryable:
        raise InvalidTransition(f"job {job_id} is {row['status']}, there is nothing to retry")
    values = {name: row[name] for name in _SAME}
    again = new_jobs.insert(tx, values | {"principal": principal, "retry_of": job_id})
    dead_letters.note_dealt_with(tx, job_id, by=by or principal, new_job_id=again.job_id)
    return again


def _to_repeat(tx: Tx, job_id: str) -> Row:
    """The job's row, locked, so that no person settles it meanwhile."""
    row = tx.row(sa.select(jobs).where(jobs.c.id == job_id).with_for_update())
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    check_not_settled(row)
    return row


def rerun(tx: Tx, job_id: str, plan: Plan, *, principal: str) -> Rerun:
    row = _to_repeat(tx, job_id)
    values = {name: row[name] for name in _SAME} | plan.values
    values["lane"] = _lane_of_rerun(tx, values)
    for name in ("input_data", "start_state"):
        if values[name] is not None:
            values[name] = dump(values[name])
    again = new_jobs.insert(tx, values | {"principal": principal})
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
