"""What a schedule does when its time has come, or when a person asks for a run at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import sqlalchemy as sa

from casare_rpa.errors import CasareError, InvalidInput
from casare_rpa.store.operations import cron, schedules, submits
from casare_rpa.store.records import Fired
from casare_rpa.store.tables import schedules as table
from casare_rpa.store.tx import Row, Tx, Values, dump, load, moment, sha256
from casare_rpa.wire import CatchUp, Job, JobRequest

#: Times missed longer ago than this fire no more, whatever the schedule says.
CATCH_UP_SECONDS = 86_400.0
#: The most jobs that one schedule makes at once with catch_up "all": the newest times.
CATCH_UP_MOST = 100
#: A time is missed, for catch_up "none", when the server is this late.
LATE_SECONDS = 60.0

_due = table.c.next_run <= sa.bindparam("now")
_DUE = sa.select(table.c.id).where(_due).order_by(table.c.next_run, table.c.id)
# Two servers may see the same schedule due: the second passes on instead of waiting.
_LOCK_DUE = (
    sa.select(table)
    .where(table.c.id == sa.bindparam("this"), _due)
    .with_for_update(skip_locked=True)
)


def due(tx: Tx, limit: int) -> list[str]:
    """The ids of the schedules whose time has come, longest due first."""
    return [row["id"] for row in tx.rows(_DUE.limit(limit), {"now": tx.now})]


def next_run(tx: Tx) -> float | None:
    """When the next schedule is due; None while none is enabled."""
    found: float | None = tx.scalar(sa.select(sa.func.min(table.c.next_run)))
    return found


def fire(tx: Tx, schedule_id: str) -> Fired | None:
    """Submit the jobs that are due and move on, or None when another server was first.

    A time that cannot become a job counts as a failure and is told in `last_error`; the next
    time is tried all the same. A schedule whose times can no longer be told is switched off.
    """
    row = tx.row(_LOCK_DUE, {"this": schedule_id, "now": tx.now})
    if row is None:
        return None
    try:
        times, upcoming = _times(row, tx.now)
    except InvalidInput as error:
        return _switch_off(tx, row, error)
    chosen = _chosen(load(row["details"])["catch_up"], times, tx.now)
    made, failures = _submit_all(tx, row, chosen)
    values = {"next_run": upcoming, "failure_count": row["failure_count"] + len(failures)}
    if chosen:
        values |= _told(row, failures)
    _save(tx, row, values | _ran(tx, row, made))
    return Fired(
        schedule_id=row["id"],
        name=row["name"],
        job_ids=tuple(job.job_id for job in made),
        left_out=len(times) - len(chosen),
        error=failures[-1].message if failures else None,
    )


def _submit_all(tx: Tx, row: Row, times: list[float]) -> tuple[list[Job], list[CasareError]]:
    made: list[Job] = []
    failures: list[CasareError] = []
    for time in times:
        try:
            job = _submit_for(tx, row, time)
        except CasareError as error:
            failures.append(error)
        else:
            made += [] if job is None else [job]
    return made, failures


def trigger(tx: Tx, ref: str) -> Job:
    """A job of the schedule now, whether it is enabled or not; its next time stays."""
    row = schedules.locked(tx, ref)
    submitted = submits.submit(tx, _request(row), principal=row["principal"], schedule_id=row["id"])
    _save(tx, row, _told(row, []) | _ran(tx, row, [submitted.job]))
    return submitted.job


def _times(row: Row, now: float) -> tuple[list[float], float | None]:
    """The times that have come and may still fire, and the first that has not.

    Raises InvalidInput when the zone or the expression is no longer understood.
    """
    # Times are whole seconds; half a second earlier keeps the first one in.
    after = max(row["next_run"], now - CATCH_UP_SECONDS) - 0.5
    times: list[float] = []
    for time in cron.slots(row["cron_expression"], row["timezone"], after=after):
        if time > now:
            return times, time
        times.append(time)
    return times, None


def _chosen(catch_up: CatchUp, times: list[float], now: float) -> list[float]:
    match catch_up:
        case "latest":
            return times[-1:]
        case "all":
            return times[-CATCH_UP_MOST:]
        case "none":
            return [time for time in times[-1:] if time >= now - LATE_SECONDS]
    assert_never(catch_up)


def _submit_for(tx: Tx, row: Row, time: float) -> Job | None:
    """The job of one time; None when that time has had its job (P19)."""
    key = f"{row['id']}:{moment(time).isoformat()}"
    submitted = submits.submit(
        tx,
        _request(row),
        principal=row["principal"],
        idempotency_key=key,
        # The same time is the same fire, even when the schedule was changed in between.
        request_hash=sha256(key),
        schedule_id=row["id"],
        scheduled_for=time,
    )
    return None if submitted.replayed else submitted.job


def _request(row: Row) -> JobRequest:
    return JobRequest(
        workflow_id=row["workflow_id"],
        input_data=load(row["input_data"]),
        priority=row["priority"],
        environment=row["environment"],
        **load(row["details"])["job"],
    )


def _told(row: Row, failures: Sequence[CasareError]) -> Values:
    """`details` with what went wrong, or without what went wrong before."""
    details = load(row["details"])
    details.pop("last_error", None)
    if failures:
        details["last_error"] = failures[-1].message
    return {"details": dump(details)}


def _ran(tx: Tx, row: Row, made: list[Job]) -> Values:
    if not made:
        return {}
    return {
        "last_run": tx.now,
        "last_job_id": made[-1].job_id,
        "run_count": row["run_count"] + len(made),
    }


def _switch_off(tx: Tx, row: Row, error: InvalidInput) -> Fired:
    off = {"enabled": False, "next_run": None, "failure_count": row["failure_count"] + 1}
    _save(tx, row, off | _told(row, [error]))
    return Fired(schedule_id=row["id"], name=row["name"], error=error.message)


def _save(tx: Tx, row: Row, values: Values) -> None:
    tx.run(sa.update(table).where(table.c.id == row["id"]).values(values))
