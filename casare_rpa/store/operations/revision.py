"""A job being changed: new values and new events, written together (P10).

Whatever changes a job's status goes through here, so that each step is one that the job's life
allows, and each has its event in the same numbering as the events of the robots.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import InvalidTransition, NotFound
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change
from casare_rpa.store.tables import attempts, events, jobs
from casare_rpa.store.tables import workflow_versions as versions
from casare_rpa.store.tx import Row, Tx, Values, dump

_LARGE = frozenset({"input_data", "result", "start_state"})
#: All but what may be large.
COLUMNS = [column for column in jobs.c if column.name not in _LARGE]

# Statements of the busiest paths are built once: building costs more than running them.
_this_job = jobs.c.id == sa.bindparam("this_job")
_LOCK_JOB = Prepared(sa.select(*COLUMNS).where(_this_job).with_for_update())
_CHANGE_JOB = Prepared(sa.update(jobs).where(_this_job))
ADD_EVENT = Prepared(sa.insert(events))
_END_ATTEMPT = Prepared(
    sa.update(attempts).where(
        attempts.c.job_id == sa.bindparam("this_job"),
        attempts.c.attempt == sa.bindparam("this_attempt"),
    )
)
_COUNT_NODES = Prepared(
    sa.select(versions.c.node_count).where(
        versions.c.workflow_id == sa.bindparam("id"), versions.c.version == sa.bindparam("version")
    )
)


class Revision:
    """Reads of `row` show the job as it was; `save` writes what was noted since."""

    def __init__(self, tx: Tx, row: Row | Values) -> None:
        self.tx = tx
        self.row = row
        self.status = JobStatus(row["status"])
        self.last_seq: int = row["last_seq"]
        self._values: Values = {}
        self._events: list[Values] = []
        self._changes: list[Change] = []

    @property
    def job_id(self) -> str:
        return str(self.row["id"])

    def set(self, **values: Any) -> None:
        self._values |= values

    def value(self, name: str) -> Any:
        """What a column will hold once this is saved."""
        return self._values[name] if name in self._values else self.row[name]

    def become(self, status: JobStatus) -> None:
        """Raises InvalidTransition for a step that a job's life does not have."""
        if not self.status.may_become(status):
            raise InvalidTransition(f"job {self.job_id} is {self.status}, it cannot be {status}")
        self.status = status
        self.set(status=status.value)

    def add(
        self, type: str, data: Any, *, index: int | None = None, timestamp: float | None = None
    ) -> None:
        """Note an event: of the robot when it has an *index*, else of the store."""
        self.last_seq += 1
        self._events.append(
            {
                "job_id": self.job_id,
                "seq": self.last_seq,
                "attempt": self.row["attempt"],
                "idx": index,
                "type": type,
                "timestamp": self.tx.now if timestamp is None else timestamp,
                "data": dump(data),
            }
        )

    def announce(self, change: Change) -> None:
        """To be told after the job's events."""
        self._changes.append(change)

    def start(self) -> None:
        """claimed -> running, at the first sign of life after the claim (P5)."""
        if self.status is not JobStatus.CLAIMED:
            return
        row = self.row
        self.become(JobStatus.RUNNING)
        self.set(started_at=self.tx.now, start_by=None)
        self.add(
            "job.started",
            {
                "workflow_id": row["workflow_id"],
                "workflow_name": row["workflow_name"],
                "robot_id": row["robot_id"],
                "total_nodes": node_count(self.tx, row),
                "attempt": row["attempt"],
            },
        )

    def end_lease(self, reported: str) -> None:
        """Nobody holds the job any more; call it after `become`."""
        row = self.row
        self.set(token_hash=None, lease_until=None, start_by=None)
        ended = {"ended_at": self.tx.now, "reported": reported, "became": self.status.value}
        this = {"this_job": row["id"], "this_attempt": row["attempt"]}
        self.tx.run(_END_ATTEMPT, this | ended)

    def back_to_queue(self, reason: str, *, wait_seconds: float = 0.0, **data: Any) -> None:
        """Pending again, offered at once or after *wait_seconds*."""
        self.become(JobStatus.PENDING)
        waits = wait_seconds > 0
        self.set(
            robot_id=None,
            ready=not waits,
            ready_at=self.tx.now + wait_seconds if waits else None,
            claimed_at=None,
            started_at=None,
            progress=0,
            current_node=None,
        )
        story = {"reason": reason, "attempt": self.row["attempt"], **data}
        self.add("job.requeued", story | {"wait_seconds": round(wait_seconds, 3)})
        self.announce(Change(kind="queue", job_id=self.job_id))

    def conclude(self, status: JobStatus, type: str, data: Values, **values: Any) -> None:
        """The job's last step: *status*, the event *type*, the outcome's *values*."""
        self.become(status)
        self.set(completed_at=self.tx.now, ready=False, ready_at=None, **values)
        self.add(type, data)

    def write_events(self) -> None:
        """Put what was added so far where a query can see it; `save` does the rest."""
        if self._events:
            ADD_EVENT.run_many(self.tx.db, self._events)
            self._events.clear()

    def save(self) -> None:
        tx = self.tx
        self.write_events()
        if self.last_seq != self.row["last_seq"]:
            self._values["last_seq"] = self.last_seq
            done = self.status.finished
            tx.changed(
                Change(kind="events", job_id=self.job_id, last_seq=self.last_seq, finished=done)
            )
        if self._values:
            tx.run(_CHANGE_JOB, {"this_job": self.job_id, **self._values})
        tx.changes += self._changes


def node_count(tx: Tx, row: Row | Values) -> int:
    found = tx.row(_COUNT_NODES, {"id": row["workflow_id"], "version": row["workflow_version"]})
    return 0 if found is None else int(found["node_count"])


def locked(tx: Tx, job_id: str) -> Row:
    """The job's row without its large columns, ours until COMMIT. Raises NotFound."""
    row = tx.row(_LOCK_JOB, {"this_job": job_id})
    if row is None:
        raise NotFound(f"there is no job {job_id!r}")
    return row
