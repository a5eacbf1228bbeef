"""Dead letters: one for each job that failed for good, until a person has dealt with it."""

from __future__ import annotations

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.cursors import Order, page_of
from casare_rpa.store.operations.revision import Revision
from casare_rpa.store.tables import attempts, dead_letters
from casare_rpa.store.tx import Row, Tx, Values, dump, load, moment, new_id, when
from casare_rpa.wire import DeadLetter, DeadLetterList, DeadLetterStats

_NO_FAILURES = ("completed", "released", "revoked", "cancelled")
_FIRST_FAILURE = sa.select(sa.func.min(attempts.c.ended_at)).where(
    attempts.c.job_id == sa.bindparam("this_job"), attempts.c.reported.not_in(_NO_FAILURES)
)
_NEWEST = Order(
    name="dead letters", columns=(dead_letters.c.created_at, dead_letters.c.id), descending=True
)
_ADD = sa.insert(dead_letters)
_is_pending = dead_letters.c.reprocessed_at.is_(None)


def add(revision: Revision, story: Values) -> None:
    """Call it after the job has ended. *story* is what job.failed says beyond the error."""
    tx, value = revision.tx, revision.value
    first = tx.db.execute(_FIRST_FAILURE, {"this_job": revision.job_id}).scalar()
    details: Values = {
        "status": revision.status.value,
        "error_code": value("error_type"),
        "failed_node_id": value("failed_node_id"),
        "robot_id": value("robot_id"),
        "attempt": value("attempt"),
        "failures": value("failures"),
        "crashes": value("crashes"),
        "on_lost": value("on_lost"),
        **{name: story[name] for name in ("side_effects", "side_effect_nodes") if name in story},
    }
    letter = {
        "id": new_id(tx.now),
        "job_id": revision.job_id,
        "workflow_id": value("workflow_id"),
        "workflow_name": value("workflow_name"),
        "failure_reason": value("failure_reason"),
        "error_message": value("error_message"),
        "error_details": dump(details),
        "retry_count": max(0, value("attempt") - 1),
        "first_failed_at": tx.now if first is None else first,
        "last_failed_at": tx.now,
        "created_at": tx.now,
    }
    tx.run(_ADD, letter)


def dead_letter(tx: Tx, ref: str) -> DeadLetter:
    return _letter(_found(tx, ref))


def dead_letters_(
    tx: Tx,
    *,
    workflow_id: str | None = None,
    pending_only: bool = True,
    limit: int = 50,
    offset: int = 0,
    cursor: str | None = None,
) -> DeadLetterList:
    of_workflow = _of(workflow_id)
    wanted = [*of_workflow, _is_pending] if pending_only else of_workflow
    query = sa.select(dead_letters).where(*wanted)
    rows, next_cursor = page_of(tx, query, _NEWEST, cursor=cursor, limit=limit, offset=offset)
    return DeadLetterList(
        entries=[_letter(row) for row in rows],
        total=_count(tx, *wanted) if cursor is None else None,
        pending=_count(tx, *of_workflow, _is_pending) if cursor is None else None,
        limit=limit,
        offset=offset,
        next_cursor=next_cursor,
    )


def stats(tx: Tx, *, workflow_id: str | None = None) -> DeadLetterStats:
    total = _count(tx, *_of(workflow_id))
    pending = _count(tx, *_of(workflow_id), _is_pending)
    return DeadLetterStats(
        total=total, pending=pending, reprocessed=total - pending, workflow_id=workflow_id
    )


def retryable(tx: Tx, ref: str) -> Row:
    """The letter, ours until COMMIT. Raises NotFound, Conflict when it was retried before."""
    row = _found(tx, ref, lock=True)
    _check_pending(row)
    return row


def check_not_dealt_with(tx: Tx, job_id: str) -> None:
    """Raises Conflict when the job has a letter that was dealt with before."""
    row = tx.row(sa.select(dead_letters).where(dead_letters.c.job_id == job_id).with_for_update())
    if row is not None:
        _check_pending(row)


def _check_pending(row: Row) -> None:
    if row["reprocessed_at"] is None:
        return
    if row["new_job_id"] is None:
        raise Conflict(
            f"dead letter {row['id']} was resolved before, by {row['reprocessed_by']}",
            hint=f"casare-rpa jobs get {row['job_id']}",
        )
    raise Conflict(
        f"dead letter {row['id']} was retried before, as job {row['new_job_id']}",
        hint=f"casare-rpa jobs get {row['new_job_id']}",
        details={"new_job_id": row["new_job_id"]},
    )


def note_dealt_with(tx: Tx, job_id: str, *, by: str, new_job_id: str | None = None) -> None:
    """The job's letter, if it has one, is dealt with: run again, or settled by a person's word.

    What was noted first stays.
    """
    tx.run(
        sa.update(dead_letters)
        .where(dead_letters.c.job_id == job_id, _is_pending)
        .values(reprocessed_at=tx.now, reprocessed_by=by, new_job_id=new_job_id)
    )


def delete(tx: Tx, ref: str) -> str:
    letter_id = str(_found(tx, ref, lock=True)["id"])
    tx.run(sa.delete(dead_letters).where(dead_letters.c.id == letter_id))
    return letter_id


def purge(tx: Tx, *, before: float, limit: int) -> int:
    oldest = sa.select(dead_letters.c.id).where(dead_letters.c.created_at < before)
    oldest = oldest.order_by(dead_letters.c.created_at).limit(limit)
    return tx.run(sa.delete(dead_letters).where(dead_letters.c.id.in_(oldest)))


def _found(tx: Tx, ref: str, *, lock: bool = False) -> Row:
    """By the letter's own id, or by the job's."""
    query = sa.select(dead_letters).where(
        sa.or_(dead_letters.c.id == ref, dead_letters.c.job_id == ref)
    )
    row = tx.row(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound(
            f"there is no dead letter {ref!r}", hint="casare-rpa jobs dead-letters list --all"
        )
    return row


def _of(workflow_id: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if workflow_id is None else [dead_letters.c.workflow_id == workflow_id]


def _count(tx: Tx, *wanted: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(dead_letters).where(*wanted)
    return int(tx.scalar(query))


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=row["id"],
        original_job_id=row["job_id"],
        workflow_id=row["workflow_id"],
        workflow_name=row["workflow_name"],
        failure_reason=row["failure_reason"],
        error_message=row["error_message"],
        error_details=load(row["error_details"]),
        retry_count=row["retry_count"],
        first_failed_at=moment(row["first_failed_at"]),
        last_failed_at=moment(row["last_failed_at"]),
        created_at=moment(row["created_at"]),
        reprocessed_at=when(row["reprocessed_at"]),
        reprocessed_by=row["reprocessed_by"],
        new_job_id=row["new_job_id"],
    )
