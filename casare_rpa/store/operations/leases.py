"""Leases: who may speak for a job, and for how long (P4-P9)."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from functools import lru_cache

import sqlalchemy as sa

from casare_rpa.errors import LeaseLost, NotFound
from casare_rpa.store.operations.revision import COLUMNS, Revision, locked
from casare_rpa.store.prepared import Prepared
from casare_rpa.store.records import LeaseState
from casare_rpa.store.tables import attempts, jobs
from casare_rpa.store.tx import Row, Tx, sha256
from casare_rpa.wire import Lease, LeaseProof

#: A lease is asked to be renewed after this part of its time, so that two renewals may fail.
RENEW_PART = 1 / 3
MAX_EXTENSION_SECONDS = 3600.0


def held(tx: Tx, robot_id: str, job_id: str, proof: LeaseProof) -> Row:
    """The job's row, ours until COMMIT, if *proof* speaks for it. Raises NotFound, LeaseLost.

    Only revocation makes a token worthless: a lease past its time still counts (P7).
    """
    row = locked(tx, job_id)
    if not holds(row, robot_id, proof.attempt, proof.lease_token):
        raise LeaseLost(f"attempt {proof.attempt} of job {job_id} is no longer this robot's")
    return row


def holds(row: Row, robot_id: str, attempt: int, token: str) -> bool:
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
    rows = _locked_rows(tx, {lease.job_id for lease in leases})
    kept: list[Row] = []
    lost: list[str] = []
    for lease in leases:
        row = rows.get(lease.job_id)
        if row is not None and holds(row, robot_id, lease.attempt, lease.lease_token):
            kept.append(row)
        else:
            lost.append(lease.job_id)
    if kept:
        until = {"lease_until": lease_end(tx)}
        tx.run(_renewing(len(kept)), until | _numbered([row["id"] for row in kept]))
    for row in kept:
        if row["start_by"] is not None:
            _start(tx, row)
    return tuple(row["id"] for row in kept if row["cancel_requested"]), tuple(lost)


def _locked_rows(tx: Tx, job_ids: Collection[str]) -> dict[str, Row]:
    if not job_ids:
        return {}
    found = tx.rows(_locking(len(job_ids)), _numbered(job_ids))
    return {row["id"]: row for row in found}


@lru_cache
def _locking(count: int) -> Prepared:
    """The rows of so many jobs, in one order everywhere: no two heartbeats wait for each other."""
    rows = sa.select(*COLUMNS).where(_is_one_of(count))
    return Prepared(rows.order_by(jobs.c.id).with_for_update())


@lru_cache
def _renewing(count: int) -> Prepared:
    until = sa.bindparam("lease_until", type_=jobs.c.lease_until.type)
    return Prepared(sa.update(jobs).where(_is_one_of(count)).values(lease_until=later_lease(until)))


def _is_one_of(count: int) -> sa.ColumnElement[bool]:
    return jobs.c.id.in_([sa.bindparam(f"id{number}") for number in range(count)])


def _numbered(ids: Collection[str]) -> dict[str, str]:
    return {f"id{number}": id for number, id in enumerate(ids)}


def _start(tx: Tx, row: Row) -> None:
    revision = Revision(tx, row)
    revision.start()
    revision.save()


def lease_end(tx: Tx) -> float:
    """When a lease ends that begins now."""
    return tx.now + tx.settings.lease_seconds


def later_lease(until: float | sa.ColumnElement[float]) -> sa.ColumnElement[float]:
    """A renewal never makes a lease shorter."""
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
