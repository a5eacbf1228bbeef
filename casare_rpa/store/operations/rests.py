"""Pauses and drains: when a robot gets no jobs, why, and when that ends by itself (P18).

`state` is what was said last: online, offline, error, maintenance, or away, which is a robot in
maintenance that has signed off.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from casare_rpa.store.records import Change
from casare_rpa.store.tables import robots
from casare_rpa.store.tx import Row, Tx, Values, when
from casare_rpa.wire import RobotStatusChange

#: What a robot says of itself that means no more than "I am here".
_HERE = frozenset({"idle", "online", "busy"})
_PAUSED = ("maintenance", "away")


def is_paused(row: Row, now: float) -> bool:
    """A pause whose time is over counts no more, whether or not anybody has noticed."""
    over = row["resume_at"] is not None and row["resume_at"] <= now
    return row["state"] in _PAUSED and not over


def is_resting(row: Row, now: float) -> bool:
    """Whether the robot gets no jobs."""
    return bool(row["draining"]) or is_paused(row, now)


def drain_seconds(row: Row, now: float) -> float | None:
    """The time left to its drain; None without a limit."""
    if not row["draining"] or row["drain_by"] is None:
        return None
    return max(0.0, float(row["drain_by"]) - now)


def is_offline(row: Row) -> bool:
    return row["state"] in ("offline", "away")


def back(row: Row) -> str:
    """The state of a robot that is heard of again."""
    return "maintenance" if row["state"] in _PAUSED else "online"


def after_change(row: Row, change: RobotStatusChange, now: float) -> Values:
    """The columns that *change* sets."""
    values: Values = {"state": row["state"], "draining": bool(row["draining"])}
    if change.status in ("paused", "maintenance"):
        values |= {"state": "maintenance", "resume_at": None}
        if change.resume_after_seconds is not None:
            values["resume_at"] = now + change.resume_after_seconds
    elif change.status == "offline":
        values["state"] = "away" if is_paused(row, now) else "offline"
    elif change.status in _HERE:
        values["state"] = "offline" if row["state"] == "away" else "online"
    elif change.status is not None:
        values["state"] = change.status
    if change.draining is not None:
        values |= {"draining": change.draining, "drain_by": None}
        if change.draining and change.drain_seconds is not None:
            values["drain_by"] = now + change.drain_seconds
    if change.note is not None:
        values["note"] = change.note or None
    return values | _nothing_left(values)


def after_start(row: Row, *, new_boot: bool) -> Values:
    """A pause outlives a restart; a drain ends with the start that it stopped."""
    values: Values = {"state": back(row), "draining": bool(row["draining"]) and not new_boot}
    if not values["draining"]:
        values["drain_by"] = None
    return values | _nothing_left(values)


def _nothing_left(values: Values) -> Values:
    """What goes with the last reason to rest."""
    if values["state"] in _PAUSED:
        return {}
    return {"resume_at": None} if values["draining"] else {"resume_at": None, "note": None}


def resume_due(tx: Tx) -> int:
    """End the pauses whose time is over, and wake whoever waits for that; returns how many."""
    due = tx.rows(
        sa.update(robots)
        .where(robots.c.resume_at <= tx.now, robots.c.state.in_(_PAUSED))
        .values(
            state=sa.case((robots.c.state == "away", "offline"), else_="online"),
            note=sa.case((robots.c.draining, robots.c.note), else_=None),
            resume_at=None,
        )
        .returning(robots.c.id)
    )
    for row in due:
        tx.changed(Change(kind="robot", robot_id=row["id"]))
    if due:
        tx.changed(Change(kind="queue"))
    return len(due)


def shown(row: Row, now: float, figures: dict[str, Any], said_at: float | None) -> Values:
    """The members of the wire's Robot that tell of rest; *figures* were said at *said_at*."""
    if not is_resting(row, now) and figures.get("paused"):
        seconds = figures.get("resume_after_seconds")
        return {
            "note": figures.get("paused_note"),
            "paused_by": "machine",
            "resume_at": when((said_at or now) + seconds) if seconds is not None else None,
        }
    paused = is_paused(row, now)
    return {
        "note": row["note"] if is_resting(row, now) else None,
        "paused_by": "orchestrator" if paused else "machine" if figures.get("paused") else None,
        "resume_at": when(row["resume_at"]) if paused else None,
        "drain_by": when(row["drain_by"]) if row["draining"] else None,
    }
