"""Robots: who they are, and what they are doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store import leases, outcomes
from casare_rpa.store.contacts import Contacts
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
#: What a robot says of itself that means no more than "I am here".
_HERE = frozenset({"idle", "online", "busy"})


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
        # A pause outlives a restart; a drain ends with the start that it stopped.
        new_boot = registration.boot_id != known["boot_id"] or registration.boot_id is None
        values["boot_id"] = registration.boot_id
        values["draining"] = known["draining"] and not new_boot
        values["state"] = "maintenance" if known["state"] == "maintenance" else "online"
        _update(tx, robot_id, values)
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
    if row is None or row["state"] == "offline":
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
    row = tx.row(sa.select(robots).where(robots.c.id == robot_id))
    if row is None:
        _create(tx, robot_id, name=_free_name(tx, robot_id, robot_id), boot_id=boot_id)
    else:
        _check_boot(row, boot_id)
    cancel, lost = leases.renew_all(tx, robot_id, held)
    if write_figures or row is None or row["state"] == "offline":
        _note(tx, robot_id, tx.now, figures)
        if row is None or row["state"] == "offline":
            _update(tx, robot_id, {"state": "online"})
        tx.changed(Change(kind="robot", robot_id=robot_id))
    return Renewal(cancel=cancel, lost=lost, draining=row is not None and row["draining"])


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
        _note(tx, robot_id, contact.at, contact.said or None)


def row_of(tx: Tx, robot_id: str) -> Row | None:
    return tx.row(sa.select(robots).where(robots.c.id == robot_id))


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
) -> RobotList:
    wanted = [] if environment is None else [robots.c.environment == environment]
    rows = tx.rows(sa.select(robots).where(*wanted).order_by(robots.c.name))
    held = _held_jobs(tx)
    # The status is computed, so it is filtered here: a fleet is thousands of robots, not millions.
    found = [_robot(tx, figures, row, held.get(row["id"], [])) for row in rows]
    if status is not None:
        shown = "idle" if status == "online" else status
        found = [robot for robot in found if robot.status == shown]
    return RobotList(robots=found[offset : offset + limit], total=len(found))


def _held_jobs(tx: Tx, robot_id: str | None = None) -> dict[str, list[str]]:
    query = sa.select(jobs.c.robot_id, jobs.c.id).where(is_held)
    if robot_id is not None:
        query = query.where(jobs.c.robot_id == robot_id)
    held: dict[str, list[str]] = {}
    for row in tx.rows(query.order_by(jobs.c.claimed_at)):
        held.setdefault(row["robot_id"], []).append(row["id"])
    return held


def _robot(tx: Tx, figures: Figures, row: Row, held: list[str]) -> Robot:
    contact = figures.last(row["id"])
    newer = contact is not None and contact.at > (row["last_seen"] or 0)
    last_seen = contact.at if contact is not None and newer else row["last_seen"]
    metrics = contact.said if contact is not None and newer and contact.said else None
    return Robot(
        robot_id=row["id"],
        name=row["name"],
        hostname=row["hostname"],
        status=_status(tx, row, last_seen, bool(held)),
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
        metrics=load(row["metrics"]) if metrics is None else metrics,
    )


def _status(tx: Tx, row: Row, last_seen: float | None, is_busy: bool) -> str:
    silent = last_seen is None or tx.now - last_seen > tx.settings.robot_offline_seconds
    if silent or row["state"] == "offline":
        return "offline"
    if row["state"] in ("maintenance", "error"):
        return str(row["state"])
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
    _found(tx, robot_id)
    said = "maintenance" if change.status == "paused" else change.status
    values: Values = {"state": "online" if said in _HERE else said}
    if change.draining is not None:
        values["draining"] = change.draining
    _update(tx, robot_id, values)
    tx.changed(Change(kind="robot", robot_id=robot_id))
    tx.changed(Change(kind="queue"))
    return robot(tx, figures, robot_id)


def delete_robot(tx: Tx, robot_id: str) -> None:
    _found(tx, robot_id)
    outcomes.revoke_leases_of(tx, robot_id, reason="robot_deleted")
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
    tx.run(sa.update(robots).where(robots.c.id == robot_id).values(values))
