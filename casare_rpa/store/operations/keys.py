"""Keys: their hashes, who they speak for, and until when."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.contacts import Contacts
from casare_rpa.store.operations import losses
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change, KeyPage, KeyRecord, KeyStatus, NewKey
from casare_rpa.store.tables import keys, robots
from casare_rpa.store.tx import Row, Tx, Values, moment, seconds_of, when

Uses = Contacts[str | None]
_ROTATED = " (rotated)"
_successors = keys.alias("successors")
#: A principal has several keys by rotation alone, and of those only the last is not revoked.
_has_successor = sa.exists().where(
    _successors.c.principal == keys.c.principal, _successors.c.revoked_at.is_(None)
)
_with_robot = sa.select(
    keys, robots.c.name.label("robot_name"), _has_successor.label("has_successor")
).select_from(keys.outerjoin(robots, robots.c.id == keys.c.robot_id))
_KEY = Prepared(_with_robot.where(keys.c.id == sa.bindparam("key_id")))


def create_key(tx: Tx, uses: Uses, new: NewKey) -> KeyRecord:
    values = asdict(new) | {"expires_at": seconds_of(new.expires_at), "principal": new.id}
    return _insert(tx, uses, values)


def create_first_admin_key(tx: Tx, uses: Uses, new: NewKey) -> KeyRecord | None:
    if tx.db.dialect.name == "postgresql":
        # Two first starts would both see no key; the second waits here for the first one's COMMIT.
        tx.run(sa.text("LOCK TABLE keys IN SHARE ROW EXCLUSIVE MODE"))
    return None if has_admin_key(tx) else create_key(tx, uses, new)


def _insert(tx: Tx, uses: Uses, values: Values) -> KeyRecord:
    if tx.row(sa.select(keys.c.id).where(keys.c.id == values["id"])) is not None:
        raise Conflict(f"a key {values['id']!r} exists already")
    tx.run(sa.insert(keys).values(values | {"created_at": tx.now}))
    tx.changed(Change(kind="key", key_id=values["id"], robot_id=values["robot_id"]))
    return _found(tx, uses, values["id"])


def _found(tx: Tx, uses: Uses, key_id: str) -> KeyRecord:
    record = key(tx, uses, key_id)
    if record is None:
        raise NotFound(f"there is no key {key_id!r}")
    return record


def has_admin_key(tx: Tx) -> bool:
    query = sa.select(keys.c.id).where(keys.c.role == "admin", _active(tx)).limit(1)
    return tx.row(query) is not None


def key(tx: Tx, uses: Uses, key_id: str) -> KeyRecord | None:
    row = tx.row(_KEY, {"key_id": key_id})
    return None if row is None else _record(tx, uses, row)


def keys_(
    tx: Tx,
    uses: Uses,
    *,
    kind: str | None = None,
    robot_id: str | None = None,
    status: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> KeyPage:
    wanted = [
        *([keys.c.kind == kind] if kind is not None else []),
        *([keys.c.robot_id == robot_id] if robot_id is not None else []),
        *([_in_status(tx, status)] if status is not None else []),
    ]
    newest = _with_robot.where(*wanted).order_by(keys.c.created_at.desc(), keys.c.id)
    return KeyPage(
        keys=tuple(_record(tx, uses, row) for row in tx.rows(newest.limit(limit).offset(offset))),
        total=tx.scalar(sa.select(sa.func.count()).select_from(keys).where(*wanted)),
    )


def revoke_key(tx: Tx, uses: Uses, key_id: str, *, reason: str = "") -> KeyRecord:
    row = _locked(tx, key_id)
    if row["revoked_at"] is None:
        _revoke(tx, key_id, reason)
        if row["robot_id"] is not None:
            losses.revoke_leases_of(tx, row["robot_id"], reason="key_revoked")
    return _found(tx, uses, key_id)


def _revoke(tx: Tx, key_id: str, reason: str) -> None:
    ended = {"revoked_at": tx.now, "revoked_reason": reason}
    tx.run(sa.update(keys).where(keys.c.id == key_id).values(ended))
    tx.changed(Change(kind="key", key_id=key_id))


def revoked_since(tx: Tx, earliest: float) -> frozenset[str]:
    rows = tx.rows(sa.select(keys.c.id).where(keys.c.revoked_at >= earliest))
    return frozenset(row["id"] for row in rows)


def rotate_key(tx: Tx, uses: Uses, key_id: str, *, new_id: str, secret_hash: str) -> KeyRecord:
    row = _locked(tx, key_id)
    if row["revoked_at"] is not None:
        raise Conflict(f"key {key_id!r} is revoked already")
    _revoke(tx, key_id, "rotated")
    same = ("kind", "description", "role", "robot_id", "principal", "expires_at")
    name = row["name"].removesuffix(_ROTATED) + _ROTATED
    values: dict[str, Any] = {column: row[column] for column in same}
    return _insert(tx, uses, values | {"id": new_id, "name": name, "secret_hash": secret_hash})


def note_use(tx: Tx, key_id: str, at: float, ip: str | None) -> None:
    used = {"last_used_at": at, "last_used_ip": ip}
    # Another orchestrator may have seen a later use.
    is_later = sa.func.coalesce(keys.c.last_used_at, 0.0) <= at
    tx.run(sa.update(keys).where(keys.c.id == key_id, is_later).values(used))


def flush(tx: Tx, uses: Uses) -> None:
    for key_id, contact in uses.unwritten().items():
        note_use(tx, key_id, contact.at, contact.said)


def _locked(tx: Tx, key_id: str) -> Row:
    row = tx.row(sa.select(keys).where(keys.c.id == key_id).with_for_update())
    if row is None:
        raise NotFound(f"there is no key {key_id!r}")
    return row


def _active(tx: Tx) -> sa.ColumnElement[bool]:
    current = sa.or_(keys.c.expires_at.is_(None), keys.c.expires_at > tx.now)
    return sa.and_(keys.c.revoked_at.is_(None), current)


def _in_status(tx: Tx, status: str) -> sa.ColumnElement[bool]:
    if status == "active":
        return _active(tx)
    if status == "revoked":
        return keys.c.revoked_at.is_not(None)
    return sa.and_(keys.c.revoked_at.is_(None), keys.c.expires_at <= tx.now)


def _status(tx: Tx, row: Row) -> KeyStatus:
    if row["revoked_at"] is not None:
        return "revoked"
    is_over = row["expires_at"] is not None and row["expires_at"] <= tx.now
    return "expired" if is_over else "active"


def _record(tx: Tx, uses: Uses, row: Row) -> KeyRecord:
    use = uses.last(row["id"])
    newer = use is not None and use.at >= (row["last_used_at"] or 0)
    return KeyRecord(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        description=row["description"],
        secret_hash=row["secret_hash"],
        role=row["role"],
        robot_id=row["robot_id"],
        robot_name=row["robot_name"],
        principal=row["principal"],
        status=_status(tx, row),
        created_at=moment(row["created_at"]),
        expires_at=when(row["expires_at"]),
        revoked_at=when(row["revoked_at"]),
        last_used_at=when(use.at if use is not None and newer else row["last_used_at"]),
        last_used_ip=use.said if use is not None and newer else row["last_used_ip"],
        rotated=row["revoked_at"] is not None and bool(row["has_successor"]),
    )
