"""Claims: a robot gets a job, and the same grant again when it asks again (P1-P3).

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

import sqlalchemy as sa

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import LeaseLost, NotFound
from casare_rpa.store.operations import lanes, rests, workflows
from casare_rpa.store.operations.leases import RENEW_PART, holds, later_lease, lease_end
from casare_rpa.store.operations.revision import ADD_EVENT, locked
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import Change
from casare_rpa.store.tables import attempts, jobs, robots
from casare_rpa.store.tx import Row, Tx, dump, load, moment, sha256
from casare_rpa.wire import Grant

#: What a grant is made of, but for the workflow.
_GRANTED = (
    jobs.c.id,
    jobs.c.workflow_id,
    jobs.c.workflow_name,
    jobs.c.workflow_version,
    jobs.c.priority,
    jobs.c.environment,
    jobs.c.input_data,
    jobs.c.created_at,
    jobs.c.robot_id,
    jobs.c.token_hash,
    jobs.c.claimed_at,
    jobs.c.failures,
    jobs.c.crashes,
    jobs.c.max_retries,
    jobs.c.attempt,
    jobs.c.timeout_seconds,
    jobs.c.last_seq,
    jobs.c.last_index,
    jobs.c.start_state,
)
_is_due = jobs.c.ready_at <= sa.bindparam("now")
#: All that a claim has to know before it looks for a job: the fewer statements, the better.
_ROBOT = Prepared(
    sa.select(
        robots.c.environment,
        robots.c.tags,
        robots.c.capabilities,
        robots.c.state,
        robots.c.draining,
        robots.c.resume_at,
        attempts.c.job_id.label("known_job"),
        attempts.c.attempt.label("known_attempt"),
        attempts.c.salt.label("known_salt"),
        sa.select(jobs.c.id).where(_is_due).limit(1).scalar_subquery().label("due"),
    )
    .select_from(robots)
    .outerjoin(attempts, attempts.c.claim_hash == sa.bindparam("claim_hash"))
    .where(robots.c.id == sa.bindparam("robot_id"))
)
_ADD_ATTEMPT = Prepared(sa.insert(attempts))
_OFFER_WAITING = Prepared(
    sa.update(jobs)
    .where(
        jobs.c.id.in_(
            sa.select(jobs.c.id).where(_is_due).limit(1000).with_for_update(skip_locked=True)
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
    .returning(*_GRANTED)
)


def claim(
    tx: Tx, robot_id: str, *, claim_id: str | None = None, environment: str | None = None
) -> Grant | None:
    claim_hash = None if claim_id is None else sha256(dump([robot_id, claim_id]))
    robot = tx.row(_ROBOT, {"robot_id": robot_id, "claim_hash": claim_hash, "now": tx.now})
    if robot is None:
        raise NotFound(f"robot {robot_id!r} is not registered")
    if robot["known_job"] is not None and claim_id is not None:
        return _replay(tx, robot_id, robot, claim_id)
    if rests.is_resting(robot, tx.now):
        return None
    if robot["due"] is not None:
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
        "lease_until": lease_end(tx),
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
    tx.run(ADD_EVENT, event)
    tx.changed(Change(kind="events", job_id=row["id"], last_seq=row["last_seq"]))
    return _grant(tx, row, token)


def _replay(tx: Tx, robot_id: str, known: Row, claim_id: str) -> Grant:
    """The same grant again; its lease begins anew, as the robot counts from this call (P3)."""
    row = locked(tx, known["known_job"])
    token = _token(claim_id, known["known_salt"])
    if not holds(row, robot_id, known["known_attempt"], token):
        raise LeaseLost(f"the claim is used up: job {row['id']} is no longer this robot's")
    renewed = {"lease_until": later_lease(lease_end(tx))}
    if row["start_by"] is not None:
        renewed["start_by"] = sa.literal(tx.now + tx.settings.start_deadline_seconds)
    again = sa.update(jobs).where(jobs.c.id == row["id"]).values(renewed).returning(*_GRANTED)
    renewed_row = tx.row(again)
    assert renewed_row is not None, "the job's row is locked"
    return _grant(tx, renewed_row, token)


def _grant(tx: Tx, row: Row, token: str) -> Grant:
    return Grant(
        job_id=row["id"],
        workflow_id=row["workflow_id"],
        workflow_name=row["workflow_name"],
        workflow_version=row["workflow_version"],
        workflow_json=workflows.document_of(tx, row["workflow_id"], row["workflow_version"]),
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
