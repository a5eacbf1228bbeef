"""A job's history: what robots append, what watchers read (P10, P13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import EventGap
from casare_rpa.store.operations import retention
from casare_rpa.store.operations.leases import held, is_proven
from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.operations.side_effects import is_marked
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.tables import events, jobs, side_events
from casare_rpa.store.tx import Row, Tx, Values, dump, load, moment
from casare_rpa.wire import (
    EventBatch,
    EventEnvelope,
    EventsAccepted,
    JobEvent,
    JobEventList,
    NodeExecution,
    Progress,
    SideLog,
)

#: A look at a job reads this many of its latest node events, however long its history is.
MOST_NODE_EVENTS = 10_000
_NODE_EVENTS = {
    "node.started": "running",
    "node.completed": "completed",
    "node.failed": "failed",
    "node.skipped": "skipped",
}
_LATER = Prepared(
    sa.select(events)
    .where(events.c.job_id == sa.bindparam("this_job"), events.c.seq > sa.bindparam("after"))
    .order_by(events.c.seq)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def append_events(tx: Tx, robot_id: str, job_id: str, batch: EventBatch) -> EventsAccepted:
    revision = Revision(tx, held(tx, robot_id, job_id, batch))
    accepted = take_in(revision, batch.first_index, batch.events)
    revision.save()
    return EventsAccepted(accepted=accepted, stored_index=revision.row["last_index"] + accepted)


def take_in(revision: Revision, first_index: int, batch: Sequence[EventEnvelope]) -> int:
    """Note the events that are new; how many those are. Raises EventGap."""
    stored: int = revision.row["last_index"]
    if first_index > stored + 1:
        raise EventGap(
            f"event {stored + 1} of this attempt is missing", details={"expected": stored + 1}
        )
    fresh = batch[stored + 1 - first_index :]
    if not fresh:
        return 0
    revision.start()
    for index, envelope in enumerate(fresh, stored + 1):
        revision.add(
            envelope.type, envelope.data, index=index, timestamp=envelope.timestamp.timestamp()
        )
    revision.set(last_index=stored + len(fresh), **_progress(fresh))
    if any(is_marked(envelope) for envelope in fresh):
        revision.set(side_effects=True)
    return len(fresh)


def _progress(batch: Sequence[EventEnvelope]) -> Values:
    """How far the run is, as far as the events say."""
    values: Values = {}
    for envelope in batch:
        if envelope.type == "node.started" and isinstance(envelope.data.get("node_id"), str):
            values["current_node"] = envelope.data["node_id"]
        percent = envelope.data.get("progress") if envelope.type.startswith("node.") else None
        if isinstance(percent, (int, float)) and 0 <= percent <= 100:
            values["progress"] = int(percent)
    return values


def progress(tx: Tx, robot_id: str, job_id: str, progress: Progress) -> None:
    revision = Revision(tx, held(tx, robot_id, job_id, progress))
    revision.start()
    revision.set(progress=progress.progress)
    if progress.current_node is not None:
        revision.set(current_node=progress.current_node)
    revision.add(
        "progress",
        {
            "progress": progress.progress,
            "current_node": progress.current_node,
            "message": progress.message,
        },
    )
    revision.save()


def side_log(tx: Tx, robot_id: str, job_id: str, batch: SideLog) -> int:
    is_proven(tx, robot_id, job_id, batch)
    return tx.insert_new(
        side_events,
        [
            {
                "job_id": job_id,
                "attempt": batch.attempt,
                "idx": index,
                "type": envelope.type,
                "timestamp": envelope.timestamp.timestamp(),
                "data": dump(envelope.data),
            }
            for index, envelope in enumerate(batch.events, batch.first_index)
        ],
    )


def events_(tx: Tx, job_id: str, *, after: int = 0, limit: int = 1000) -> JobEventList:
    rows = tx.rows(_LATER, {"this_job": job_id, "after": after, "most": limit})
    if not rows and tx.row(sa.select(jobs.c.id).where(jobs.c.id == job_id)) is None:
        raise retention.missing(tx, job_id)
    return JobEventList(
        events=[_event(row) for row in rows], last_seq=rows[-1]["seq"] if rows else after
    )


def _event(row: Row) -> JobEvent:
    return JobEvent(
        type=row["type"],
        job_id=row["job_id"],
        seq=row["seq"],
        attempt=row["attempt"],
        timestamp=moment(row["timestamp"]),
        data=load(row["data"]),
    )


def node_executions(tx: Tx, job_id: str) -> list[NodeExecution]:
    last = sa.select(jobs.c.attempt).where(jobs.c.id == job_id).scalar_subquery()
    query = (
        sa.select(events.c.type, events.c.data)
        .where(
            events.c.job_id == job_id,
            events.c.attempt == last,
            events.c.type.in_(list(_NODE_EVENTS)),
        )
        .order_by(events.c.seq.desc())
        .limit(MOST_NODE_EVENTS)
    )
    nodes: dict[str, Values] = {}
    for row in reversed(tx.rows(query)):
        _follow(nodes, row["type"], load(row["data"]))
    return [NodeExecution(**node) for node in nodes.values()]


def _follow(nodes: dict[str, Values], type: str, data: dict[str, Any]) -> None:
    node_id = data.get("node_id")
    if not isinstance(node_id, str):
        return
    node = nodes.setdefault(node_id, {"node_id": node_id, "runs": 0})
    if type == "node.started" or not node["runs"]:
        node["runs"] += 1
    node["status"] = _NODE_EVENTS[type]
    node["node_type"] = str(data.get("node_type") or node.get("node_type", ""))
    took = data.get("execution_time_ms")
    node["duration_ms"] = took if isinstance(took, (int, float)) else None
    message = data.get("error_message")
    node["error_message"] = None if message is None else str(message)


def side_events_(
    tx: Tx, job_id: str, *, attempt: int = 0, after: int = 0, limit: int = 1000
) -> list[JobEvent]:
    later = sa.or_(
        side_events.c.attempt > attempt,
        sa.and_(side_events.c.attempt == attempt, side_events.c.idx > after),
    )
    query = sa.select(side_events, side_events.c.idx.label("seq"))
    query = query.where(side_events.c.job_id == job_id, later)
    rows = tx.rows(query.order_by(side_events.c.attempt, side_events.c.idx).limit(limit))
    if not rows and tx.row(sa.select(jobs.c.id).where(jobs.c.id == job_id)) is None:
        raise retention.missing(tx, job_id)
    return [_event(row) for row in rows]
