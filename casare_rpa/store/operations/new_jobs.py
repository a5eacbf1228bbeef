"""A job's first row and its first event, however it came about."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.operations.jobs import shown
from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change
from casare_rpa.store.tables import jobs
from casare_rpa.store.tx import Tx, Values, moment, new_id
from casare_rpa.wire import Job

_ADD_JOB = Prepared(sa.insert(jobs))
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


def insert(
    tx: Tx,
    values: Values,
    *,
    not_before: float | None = None,
    scheduled_for: float | None = None,
) -> Job:
    """A pending job of *values*, handed to nobody before its time."""
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
    return shown(row | {"last_seq": revision.last_seq})


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
