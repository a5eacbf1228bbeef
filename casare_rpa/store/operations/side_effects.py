"""Which attempts had begun to act on the outside world, so that a person can decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.tables import events, side_events
from casare_rpa.store.tx import Tx, Values, load
from casare_rpa.wire import EventEnvelope

#: A robot puts it, true, into the data of a node.started of such a node.
MARK = "side_effect"
_STARTED = "node.started"
_MOST_NODES = 20
# As text, so that a long history is not decoded for it. Quotes inside a JSON text are escaped, so
# that only a member is found.
_MARKED = f'"{MARK}":true'
_THESE_JOBS: sa.BindParameter[str] = sa.bindparam("these_jobs", expanding=True)
_STARTS = sa.select(events.c.data, events.c.timestamp).where(
    events.c.type == _STARTED, events.c.data.contains(_MARKED)
)
_ALL_STARTS = _STARTS.where(events.c.job_id.in_(_THESE_JOBS)).order_by(
    events.c.job_id, events.c.seq
)
_LATE_STARTS = (
    sa.select(side_events.c.data, side_events.c.timestamp)
    .where(
        side_events.c.job_id.in_(_THESE_JOBS),
        side_events.c.type == _STARTED,
        side_events.c.data.contains(_MARKED),
    )
    .order_by(side_events.c.job_id, side_events.c.attempt, side_events.c.idx)
)
_LATEST_STARTS = (
    _STARTS.where(
        events.c.job_id == sa.bindparam("this_job"),
        events.c.attempt == sa.bindparam("this_attempt"),
    )
    .order_by(events.c.seq.desc())
    .limit(1000)
)


def is_marked(envelope: EventEnvelope) -> bool:
    return envelope.type == _STARTED and envelope.data.get(MARK) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A node that began to act, how often, and when it last did (seconds since 1970)."""

    node_id: str
    node_type: str
    times: int
    at: float


def acts(tx: Tx, job_ids: Sequence[str]) -> list[Act]:
    """Of all attempts, the oldest job's first; also what lost ones brought too late."""
    found: dict[str, Act] = {}
    these = {"these_jobs": list(job_ids)}
    for row in (*tx.rows(_ALL_STARTS, these), *tx.rows(_LATE_STARTS, these)):
        data = load(row["data"])
        node_id = str(data.get("node_id"))
        before = found.get(node_id)
        found[node_id] = Act(
            node_id=node_id,
            node_type=str(data.get("node_type", "")),
            times=before.times + 1 if before else 1,
            at=max(row["timestamp"], before.at) if before else row["timestamp"],
        )
    return list(found.values())


def traces(revision: Revision) -> Values:
    """For the story of a lost attempt: whether it had begun to act, and in which nodes.

    The node begun last comes first; of very many only some are named.
    """
    if not revision.value("side_effects"):
        return {}
    revision.write_events()
    this = {"this_job": revision.job_id, "this_attempt": revision.row["attempt"]}
    starts = (load(row["data"]) for row in revision.tx.rows(_LATEST_STARTS, this))
    nodes = dict.fromkeys(str(start.get("node_id")) for start in starts)
    return {"side_effects": True, "side_effect_nodes": list(nodes)[:_MOST_NODES]}
