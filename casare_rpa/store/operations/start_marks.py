"""The events of a job that say where it could be taken up again."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.domain.start_points import MARKED, PIECE, Mark, marks_of
from casare_rpa.store.tables import events
from casare_rpa.store.tx import Row, Tx, load


def marks(tx: Tx, row: Row) -> list[Mark]:
    """The marked events of the last attempt, in order."""
    # As text, so that the passes of a long loop are not decoded for it.
    marked = sa.and_(events.c.type.in_(MARKED), events.c.data.contains('"state":{'))
    query = sa.select(events).where(
        events.c.job_id == row["id"],
        events.c.attempt == row["attempt"],
        sa.or_(marked, events.c.type == PIECE),
    )
    rows = tx.rows(query.order_by(events.c.seq))
    return marks_of((r["type"], r["seq"], r["timestamp"], load(r["data"])) for r in rows)


def last_begun(tx: Tx, row: Row, node_id: str) -> int | None:
    """The seq of the latest start of a node in the last attempt, wherever it stands."""
    query = sa.select(events.c.seq, events.c.data).where(
        events.c.job_id == row["id"],
        events.c.attempt == row["attempt"],
        events.c.type == "node.started",
        events.c.data.contains(node_id, autoescape=True),
    )
    rows = tx.rows(query.order_by(events.c.seq.desc()).limit(1000))
    return next((r["seq"] for r in rows if load(r["data"]).get("node_id") == node_id), None)
