"""Robots: who they are, and what they are doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.contacts import Contacts
from casare_rpa.store.cursors import Order
from casare_rpa.store.operations import leases, losses, rests
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change, Renewal
from casare_rpa.store.tables import is_held, jobs, robots
from casare_rpa.store.tx import Row, Tx, Values, dump, load, moment, when
from casare_rpa.wire import (
    Lease,
    Robot,
    RobotChange,
    RobotList,
    RobotRegistration,
    RobotStatusChange,
)

Figures = Contacts[dict[str, Any]]
_ROBOT = Prepared(sa.select(robots).where(robots.c.id == sa.bindparam("this_robot")))
_LAST_SEEN = Prepared(sa.select(robots.c.id, robots.c.state, robots.c.last_seen))
_CHANGE_ROBOT = Prepared(sa.update(robots).where(robots.c.id == sa.bindparam("this_robot")))
_BY_NAME = Order(name="robots", columns=(robots.c.name,))


def register(tx: Tx, figures: Figures, registration: RobotRegistration) -> Robot:
    robot_id = registration.robot_id
    known = _locked(tx, robot_id)
    values = {
        "name": _free_name(tx, registration.name, robot_id),
        "hostname": registration.hostname,
        "environment": registration.environment,
        "max_concurrent_jobs": registration.max_concurrent_jobs,
        "capabilities": dump(registration.capabilities),
        "tags": dump(registration.tags),
        "version": registration.version,
        "last_seen": tx.now,
    }
    if known is None:
        _create(tx, robot_id, boot_id=registration.boot_id, **values)
    else:
        new_boot = registration.boot_id != known["boot_id"] or registration.boot_id is None
        values["boot_id"] = registration.boot_id
        _update(tx, robot_id, values | rests.after_start(known, new_boot=new_boot))
    tx.changed(Change(kind="robot", robot_id=robot_id))
    tx.changed(Change(kind="queue"))
    return robot(tx, figures, robot_id)


def _create(tx: Tx, robot_id: str, **values: Any) -> None:
    row = {
        "id": robot_id,
        "name": robot_id,
        "hostname": "",
        "environment": "default",
        "max_concurrent_jobs": 1,
        "capabilities": "[]",
        "tags": "[]",
        "state": "online",
        "metrics": "{}",
        "created_at": tx.now,
    }
    tx.run(sa.insert(robots).values(row | values))


def _free_name(tx: Tx, name: str, robot_id: str) -> str:
    """*name*, or with a suffix when another robot has it."""
    others = sa.and_(robots.c.id != robot_id, robots.c.name == sa.bindparam("wanted"))
    for wanted in (name, f"{name} ({robot_id[-8:]})", f"{name} ({robot_id})"):
        if tx.row(sa.select(robots.c.id).where(others), {"wanted": wanted}) is None:
            return wanted
    raise Conflict(f"another robot is called {name!r}")


def is_quiet(row: Row | None, boot_id: str | None) -> bool:
    """Whether a heartbeat without leases has nothing to change. Raises Conflict as `beat` does."""
    if row is None or rests.is_offline(row):
        return False
    _check_boot(row, boot_id)
    return True


def beat(
    tx: Tx,
    robot_id: str,
    held: Sequence[Lease],
    *,
    figures: dict[str, Any] | None,
    boot_id: str | None,
    write_figures: bool,
) -> Renewal:
    row = row_of(tx, robot_id)
    if row is None:
        _create(tx, robot_id, name=_free_name(tx, robot_id, robot_id), boot_id=boot_id)
    else:
        _check_boot(row, boot_id)
    cancel, lost = leases.renew_all(tx, robot_id, held)
    came = row is None or rests.is_offline(row)
    if write_figures or came:
        _note(tx, robot_id, tx.now, figures)
    if came:
        _update(tx, robot_id, {"state": "online" if row is None else rests.back(row)})
        tx.changed(Change(kind="robot", robot_id=robot_id))
    return renewal(row, tx.now, cancel=cancel, lost=lost)


def renewal(
    row: Row | None, now: float, *, cancel: tuple[str, ...] = (), lost: tuple[str, ...] = ()
) -> Renewal:
    """The answer to a heartbeat of the robot of *row*; None for one that was unknown."""
    if row is None:
        return Renewal(cancel=cancel, lost=lost, draining=False)
    return Renewal(
        cancel=cancel,
        lost=lost,
        draining=bool(row["draining"]),
        drain_seconds=rests.drain_seconds(row, now),
        paused=rests.is_paused(row, now),
    )


def _check_boot(row: Row, boot_id: str | None) -> None:
    if boot_id is not None and row["boot_id"] is not None and row["boot_id"] != boot_id:
        raise Conflict(
            f"a newer start of robot {row['id']!r} has taken over",
            hint="Run one agent per robot key.",
        )


def _note(tx: Tx, robot_id: str, at: float, figures: dict[str, Any] | None) -> None:
    values: Values = {"last_seen": at}
    if figures is not None:
        values["metrics"] = dump(figures)
        limit = figures.get("max_concurrent_jobs")
        if isinstance(limit, int) and 1 <= limit <= 100:
            values["max_concurrent_jobs"] = limit
    _update(tx, robot_id, values)


def flush(tx: Tx, figures: Figures) -> None:
    for robot_id, contact in figures.unwritten().items():
        row = row_of(tx, robot_id)
        # Another orchestrator may have heard of the robot since.
        if row is not None and contact.at > (row["last_seen"] or 0):
            _note(tx, robot_id, contact.at, contact.said or None)


def row_of(tx: Tx, robot_id: str) -> Row | None:
    return tx.row(_ROBOT, {"this_robot": robot_id})


def is_resting(tx: Tx, robot_id: str) -> bool:
    return rests.is_resting(_found(tx, robot_id), tx.now)


def robot(tx: Tx, figures: Figures, robot_id: str) -> Robot:
    row = _found(tx, robot_id)
    return _robot(tx, figures, row, _held_jobs(tx, robot_id).get(robot_id, []))


def robots_(
    tx: Tx,
    figures: Figures,
    *,
    status: str | None = None,
    environment: str | None = None,
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
) -> RobotList:
    wanted = [] if environment is None else [robots.c.environment == environment]
    # The status is computed, so it is filtered here: a fleet is thousands of robots, not millions.
    found = _shown(tx, figures, *wanted, *_BY_NAME.behind(cursor))
    if status is not None:
        shown = "idle" if status == "online" else status
        found = [robot for robot in found if robot.status == shown]
    page = found[offset : offset + limit]
    more = len(found) > offset + limit
    return RobotList(
        robots=page,
        total=len(found) if cursor is None else None,
        next_cursor=_BY_NAME.cursor_at({"name": page[-1].name}) if more else None,
    )


def count_online(tx: Tx, figures: Figures) -> int:
    rows = tx.rows(_LAST_SEEN)
    return sum(not _is_offline(tx, row, _last_seen(row, figures)) for row in rows)


def _last_seen(row: Row, figures: Figures) -> float | None:
    contact = figures.last(row["id"])
    newer = contact is not None and contact.at >= (row["last_seen"] or 0)
    return contact.at if contact is not None and newer else row["last_seen"]


def _is_offline(tx: Tx, row: Row, last_seen: float | None) -> bool:
    silent = last_seen is None or tx.now - last_seen > tx.settings.robot_offline_seconds
    return silent or rests.is_offline(row)


def _shown(tx: Tx, figures: Figures, *wanted: sa.ColumnElement[bool]) -> list[Robot]:
    rows = tx.rows(sa.select(robots).where(*wanted).order_by(*_BY_NAME.terms()))
    held = _held_jobs(tx)
    return [_robot(tx, figures, row, held.get(row["id"], [])) for row in rows]


def _held_jobs(tx: Tx, robot_id: str | None = None) -> dict[str, list[str]]:
    query = sa.select(jobs.c.robot_id, jobs.c.id).where(is_held)
    if robot_id is not None:
        query = query.where(jobs.c.robot_id == robot_id)
    held: dict[str, list[str]] = {}
    for row in tx.rows(query.order_by(jobs.c.claimed_at)):
        held.setdefault(row["robot_id"], []).append(row["id"])
    return held


def _robot(tx: Tx, figures: Figures, row: Row, held: list[str]) -> Robot:
    last_seen, contact = _last_seen(row, figures), figures.last(row["id"])
    is_latest = contact is not None and contact.at == last_seen
    said = contact.said if contact is not None and is_latest else None
    metrics = said or load(row["metrics"])
    return Robot(
        robot_id=row["id"],
        name=row["name"],
        hostname=row["hostname"],
        status=_status(tx, row, last_seen, metrics, bool(held)),
        environment=row["environment"],
        max_concurrent_jobs=row["max_concurrent_jobs"],
        capabilities=load(row["capabilities"]),
        tags=load(row["tags"]),
        current_job_ids=held,
        draining=row["draining"],
        version=row["version"],
        last_seen=when(last_seen),
        last_heartbeat=when(last_seen),
        created_at=moment(row["created_at"]),
        metrics=metrics,
        no_room=metrics.get("no_room"),
        **rests.shown(row, tx.now, metrics, last_seen),
    )


def _status(
    tx: Tx, row: Row, last_seen: float | None, metrics: dict[str, Any], is_busy: bool
) -> str:
    if _is_offline(tx, row, last_seen):
        return "offline"
    if rests.is_paused(row, tx.now) or metrics.get("paused"):
        return "maintenance"
    if row["state"] == "error":
        return "error"
    return "busy" if is_busy else "idle"


def update_robot(tx: Tx, figures: Figures, robot_id: str, change: RobotChange) -> Robot:
    _found(tx, robot_id)
    values = change.model_dump(exclude_none=True)
    if "name" in values:
        values["name"] = _free_name(tx, values["name"], robot_id)
    for name in ("capabilities", "tags"):
        if name in values:
            values[name] = dump(values[name])
    if values:
        _update(tx, robot_id, values)
    tx.changed(Change(kind="robot", robot_id=robot_id))
    tx.changed(Change(kind="queue"))
    return robot(tx, figures, robot_id)


def set_robot_status(tx: Tx, figures: Figures, robot_id: str, change: RobotStatusChange) -> Robot:
    row = _locked(tx, robot_id) or _found(tx, robot_id)
    _check_boot(row, change.boot_id)
    _update(tx, robot_id, rests.after_change(row, change, tx.now))
    tx.changed(Change(kind="robot", robot_id=robot_id))
    tx.changed(Change(kind="queue"))
    return robot(tx, figures, robot_id)


def delete_robot(tx: Tx, robot_id: str) -> None:
    _found(tx, robot_id)
    losses.revoke_leases_of(tx, robot_id, reason="robot_deleted")
    tx.run(sa.delete(robots).where(robots.c.id == robot_id))
    tx.changed(Change(kind="robot", robot_id=robot_id))


def _locked(tx: Tx, robot_id: str) -> Row | None:
    return tx.row(sa.select(robots).where(robots.c.id == robot_id).with_for_update())


def _found(tx: Tx, robot_id: str) -> Row:
    row = row_of(tx, robot_id)
    if row is None:
        raise NotFound(f"there is no robot {robot_id!r}", hint="casare-rpa robots list")
    return row


def _update(tx: Tx, robot_id: str, values: Values) -> None:
    tx.run(_CHANGE_ROBOT, {"this_robot": robot_id} | values)
