"""A submit that minds the jobs of its workflow that have not ended yet."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.errors import Conflict
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.tables import is_open, jobs, workflows
from casare_rpa.store.tx import Row, Tx
from casare_rpa.wire import JobRequest

_this_workflow = sa.bindparam("this_workflow", type_=sa.Text)
# Two such submits of one workflow must not both find nothing.
_LOCK = Prepared(
    sa.select(workflows.c.id).where(workflows.c.id == _this_workflow).with_for_update()
)
_FIRST_OPEN = Prepared(
    sa.select(jobs.c.id, jobs.c.status)
    .where(is_open, jobs.c.workflow_id == _this_workflow)
    .order_by(jobs.c.created_at, jobs.c.id)
    .limit(1)
)


def answer(tx: Tx, request: JobRequest, workflow: Row) -> str | None:
    """The job to answer with instead of a new one; None: make one.

    Raises Conflict for on_conflict "fail". The workflow stays locked until COMMIT.
    """
    if request.on_conflict == "queue":
        return None
    tx.row(_LOCK, {"this_workflow": workflow["id"]})
    found = first_open(tx, workflow["id"])
    if found is None or request.on_conflict != "fail":
        return None if found is None else str(found["id"])
    raise Conflict(
        f"workflow {workflow['id']} has a job already: {found['id']} is {found['status']}",
        hint=f"casare-rpa jobs get {found['id']}",
        details={"job_id": found["id"], "status": found["status"]},
    )


def first_open(tx: Tx, workflow_id: str) -> Row | None:
    """The oldest job of the workflow that has not ended."""
    return tx.row(_FIRST_OPEN, {"this_workflow": workflow_id})
