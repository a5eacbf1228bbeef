"""Leases: who may speak for a job, and for how long (P2-P9).

A token is made of the robot's claim_id and a salt in the attempt's row:
HMAC-SHA256(key=claim_id, salt). The database keeps the salt and the hashes of both
claim_id and token, so that a replayed claim gets the same token again, and a stolen copy of the
database gets none.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import LeaseLost, NotFound
from casare_rpa.store import lanes, rests
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change, LeaseState
from casare_rpa.store.revision import COLUMNS, Revision, locked
from casare_rpa.store.tables import attempts, events, jobs, robots
from casare_rpa.store.tables import workflow_versions as versions
from casare_rpa.store.tx import Row, Tx, dump, load, moment, sha256
from casare_rpa.wire import Grant, Lease, LeaseProof

#: A lease is asked to be renewed after this part of its time, so that two renewals may fail.
RENEW_PART = 1 / 3
MAX_EXTENSION_SECONDS = 3600.0

_ROBOT = Prepared(sa.select(robots).where(robots.c.id == sa.bindparam("robot_id")))
_ATTEMPT_OF_CLAIM = Prepared(
    sa.select(attempts).where(attempts.c.claim_hash == sa.bindparam("claim_hash"))
)
_DOCUMENT = Prepared(
    sa.select(versions.c.document).where(
        versions.c.workflow_id == sa.bindparam("id"), versions.c.version == sa.bindparam("version")
    )
)
_ADD_ATTEMPT = Prepared(sa.insert(attempts))
_ADD_EVENT = Prepared(sa.insert(events))
_OFFER_WAITING = Prepared(
    sa.update(jobs)
    .where(
        jobs.c.id.in_(
            sa.select(jobs.c.id)
            .where(jobs.c.ready_at <= sa.bindparam("now"))
            .limit(1000)
            .with_for_update(skip_locked=True)
        )
    )
    .values(ready=True, ready_at=None)
)
_TAKE = Prepared(
    sa.update(jobs)
    .where(
        jobs.c.id
        == lanes.HEAD.with_only_columns(jobs.c.id)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    .values(ready=False, attempt=jobs.c.attempt + 1, last_seq=jobs.c.last_seq + 1, last_index=0)
    .values(side_effects=False)
    .returning(*COLUMNS, jobs.c.input_data, jobs.c.start_state)
)


def claim(
    tx: Tx, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
) -> Grant | None:
    claim_hash = None if claim_id is None else sha256(dump([robot_id, claim_id]))
    known = None if claim_hash is None else tx.row(_ATTEMPT_OF_CLAIM, {"claim_hash": claim_hash})
    if known is not None and claim_id is not None:
        return _replay(tx, known, claim_id)
    robot = tx.row(_ROBOT, {"robot_id": robot_id})
    if robot is None:
        raise NotFound(f"robot {robot_id!r} is not registered")
    if rests.is_resting(robot, tx.now):
        return None
    offer_waiting(tx)
    salt = secrets.token_hex(32)
    token = _token(claim_id or secrets.token_urlsafe(32), salt)
    pool = robot["environment"] if environment is None else environment
    tags, capabilities = load(robot["tags"]), load(robot["capabilities"])
    for lane in lanes.open_lanes(tx, robot_id, pool, tags, capabilities):
        row = _take(tx, robot_id, lane, token)
        if row is not None:
            return _granted(tx, row, token, claim_hash, salt)
    return None


def offer_waiting(tx: Tx) -> int:
    """Jobs whose waiting time is over may be claimed from now on."""
    return tx.run(_OFFER_WAITING, {"now": tx.now})


def _take(tx: Tx, robot_id: str, lane: str, token: str) -> Row | None:
    """One statement finds the job and makes it the robot's (P2)."""
    given = {
        "this_lane": lane,
        "status": JobStatus.CLAIMED.value,
        "robot_id": robot_id,
        "token_hash": sha256(token),
        "claimed_at": tx.now,
        "lease_until": tx.now + tx.settings.lease_seconds,
        "start_by": tx.now + tx.settings.start_deadline_seconds,
    }
    return tx.row(_TAKE, given)


def _granted(tx: Tx, row: Row, token: str, claim_hash: str | None, salt: str) -> Grant:
    attempt = {
        "job_id": row["id"],
        "attempt": row["attempt"],
        "robot_id": row["robot_id"],
        "token_hash": row["token_hash"],
        "claim_hash": claim_hash,
        "salt": None if claim_hash is None else salt,
        "claimed_at": tx.now,
    }
    tx.run(_ADD_ATTEMPT, attempt)
    event = {
        "job_id": row["id"],
        "seq": row["last_seq"],
        "attempt": row["attempt"],
        "type": "job.claimed",
        "timestamp": tx.now,
        "data": dump({"robot_id": row["robot_id"], "attempt": row["attempt"]}),
    }
    tx.run(_ADD_EVENT, event)
    tx.changed(Change(kind="events", job_id=row["id"], last_seq=row["last_seq"]))
    return _grant(tx, row, token)


def _replay(tx: Tx, known: Row, claim_id: str) -> Grant:
    """The same grant again; its lease begins anew, as the robot counts from this call (P3)."""
    row = locked(tx, known["job_id"])
    token = _token(claim_id, known["salt"])
    if not _holds(row, known["robot_id"], known["attempt"], token):
        raise LeaseLost(f"the claim is used up: job {row['id']} is no longer this robot's")
    renewed = {"lease_until": later_lease(tx)}
    if row["start_by"] is not None:
        renewed["start_by"] = sa.literal(tx.now + tx.settings.start_deadline_seconds)
    tx.run(sa.update(jobs).where(jobs.c.id == row["id"]).values(renewed))
    full = tx.row(sa.select(jobs).where(jobs.c.id == row["id"]))
    assert full is not None
    return _grant(tx, full, token)


def _grant(tx: Tx, row: Row, token: str) -> Grant:
    content = tx.row(_DOCUMENT, {"id": row["workflow_id"], "version": row["workflow_version"]})
    assert content is not None, "a job's workflow version is never deleted"
    return Grant(
        job_id=row["id"],
        workflow_id=row["workflow_id"],
        workflow_name=row["workflow_name"],
        workflow_version=row["workflow_version"],
        workflow_json=content["document"],
        priority=row["priority"],
        environment=row["environment"],
        variables=load(row["input_data"]),
        created_at=moment(row["created_at"]),
        claimed_at=moment(row["claimed_at"]),
        retry_count=row["failures"] + row["crashes"],
        max_retries=row["max_retries"],
        attempt=row["attempt"],
        lease_token=token,
        lease_seconds=tx.settings.lease_seconds,
        renew_after_seconds=tx.settings.lease_seconds * RENEW_PART,
        timeout_seconds=row["timeout_seconds"] or tx.settings.job_timeout_seconds,
        next_index=row["last_index"] + 1,
        start=load(row["start_state"]),
    )


def _token(claim_id: str, salt: str) -> str:
    digest = hmac.digest(claim_id.encode(), salt.encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")


def held(tx: Tx, robot_id: str, job_id: str, proof: LeaseProof) -> Row:
    """The job's row, ours until COMMIT, if *proof* speaks for it. Raises NotFound, LeaseLost.

    Only revocation makes a token worthless: a lease past its time still counts (P7).
    """
    row = locked(tx, job_id)
    if not _holds(row, robot_id, proof.attempt, proof.lease_token):
        raise LeaseLost(f"attempt {proof.attempt} of job {job_id} is no longer this robot's")
    return row


def _holds(row: Row, robot_id: str, attempt: int, token: str) -> bool:
    """Robot, attempt and token must all fit (P4)."""
    return (
        row["token_hash"] is not None
        and row["robot_id"] == robot_id
        and row["attempt"] == attempt
        and hmac.compare_digest(row["token_hash"], sha256(token))
    )


def is_proven(tx: Tx, robot_id: str, job_id: str, proof: LeaseProof) -> Row:
    """The attempt's row if *proof* spoke for it once. Raises NotFound, LeaseLost."""
    row = tx.row(
        sa.select(attempts).where(attempts.c.job_id == job_id, attempts.c.attempt == proof.attempt)
    )
    if row is None and tx.row(sa.select(jobs.c.id).where(jobs.c.id == job_id)) is None:
        raise NotFound(f"there is no job {job_id!r}")
    token_hash = row["token_hash"] if row is not None and row["robot_id"] == robot_id else ""
    if row is not None and hmac.compare_digest(token_hash, sha256(proof.lease_token)):
        return row
    raise LeaseLost(f"attempt {proof.attempt} of job {job_id} was never this robot's")


def renew_all(
    tx: Tx, robot_id: str, leases: Sequence[Lease]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Renew what the robot still holds; the jobs to cancel, and those it lost."""
    rows = _locked_rows(tx, [lease.job_id for lease in leases])
    kept: list[Row] = []
    lost: list[str] = []
    for lease in leases:
        row = rows.get(lease.job_id)
        if row is not None and _holds(row, robot_id, lease.attempt, lease.lease_token):
            kept.append(row)
        else:
            lost.append(lease.job_id)
    if kept:
        ids = [row["id"] for row in kept]
        tx.run(sa.update(jobs).where(jobs.c.id.in_(ids)).values(lease_until=later_lease(tx)))
    for row in kept:
        if row["start_by"] is not None:
            _start(tx, row)
    return tuple(row["id"] for row in kept if row["cancel_requested"]), tuple(lost)


def _locked_rows(tx: Tx, job_ids: Sequence[str]) -> dict[str, Row]:
    if not job_ids:
        return {}
    query = sa.select(*COLUMNS).where(jobs.c.id.in_(list(job_ids)))
    # In one order everywhere, so that two heartbeats cannot wait for each other.
    return {row["id"]: row for row in tx.rows(query.order_by(jobs.c.id).with_for_update())}


def _start(tx: Tx, row: Row) -> None:
    revision = Revision(tx, row)
    revision.start()
    revision.save()


def later_lease(tx: Tx) -> sa.ColumnElement[float]:
    """A renewal never makes a lease shorter."""
    until = tx.now + tx.settings.lease_seconds
    return sa.case((jobs.c.lease_until > until, jobs.c.lease_until), else_=until)


def extend_lease(
    tx: Tx,
    robot_id: str,
    job_id: str,
    proof: LeaseProof,
    *,
    extension_seconds: float | None = None,
) -> LeaseState:
    row = held(tx, robot_id, job_id, proof)
    seconds = min(extension_seconds or tx.settings.lease_seconds, MAX_EXTENSION_SECONDS)
    revision = Revision(tx, row)
    revision.start()
    revision.set(lease_until=max(row["lease_until"], tx.now + seconds))
    revision.save()
    return LeaseState(lease_seconds=seconds, cancel_requested=row["cancel_requested"])
