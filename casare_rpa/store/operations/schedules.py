"""Schedules as people keep them: make, look, change, switch on and off, delete."""

from __future__ import annotations

from itertools import islice
from typing import Any

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.store.cursors import Order, page_of
from casare_rpa.store.operations import cron, workflows
from casare_rpa.store.operations import jobs as jobs_of
from casare_rpa.store.records import Change, SchedulePage, StoredSchedule
from casare_rpa.store.tables import schedules
from casare_rpa.store.tables import workflows as workflows_table
from casare_rpa.store.tx import Row, Tx, Values, dump, load, moment, new_id, when
from casare_rpa.wire import JobList, Schedule, ScheduleChange, ScheduleRequest, UpcomingRun

#: Members of a request that every job of the schedule gets as they are.
JOB_MEMBERS = ("robot_id", "tags", "max_retries", "timeout_seconds", "execution_mode")
_NEWEST = Order(name="schedules", columns=(schedules.c.created_at, schedules.c.id), descending=True)
_NULLABLE = ("robot_id", "timeout_seconds")
_shown = sa.select(schedules, workflows_table.c.name.label("workflow_name")).select_from(
    schedules.outerjoin(
        workflows_table,
        sa.and_(
            workflows_table.c.id == schedules.c.workflow_id,
            workflows_table.c.deleted_at.is_(None),
        ),
    )
)


def put_schedule(
    tx: Tx, request: ScheduleRequest, *, principal: str, schedule_id: str | None = None
) -> StoredSchedule:
    known = None if schedule_id is None else _by_id(tx, schedule_id)
    if known is not None:
        # Whoever switched it off did so for a reason.
        given = request.model_dump(exclude_unset=True, exclude={"enabled"})
        changed = change(tx, known["id"], ScheduleChange(**given))
        return StoredSchedule(schedule=changed, created=False)
    row = _settings(request) | {
        "id": schedule_id or new_id(tx.now),
        "workflow_id": workflows.find(tx, request.workflow_id)["id"],
        "principal": principal,
        "next_run": _first_run(tx, request),
        "created_at": tx.now,
        "updated_at": tx.now,
    }
    tx.run(sa.insert(schedules).values(row))
    tx.changed(Change(kind="schedule"))
    return StoredSchedule(schedule=schedule(tx, row["id"]), created=True)


def change(tx: Tx, ref: str, wanted: ScheduleChange) -> Schedule:
    row = locked(tx, ref)
    given = {
        name: value
        for name, value in wanted.model_dump(exclude_unset=True).items()
        if value is not None or name in _NULLABLE
    }
    if "workflow_id" in given:
        given["workflow_id"] = workflows.find(tx, given["workflow_id"])["id"]
    request = ScheduleRequest(**_members(row) | given)
    values = _settings(request) | {"workflow_id": request.workflow_id, "updated_at": tx.now}
    if _changes_times(row, request):
        values["next_run"] = _first_run(tx, request)
    tx.run(sa.update(schedules).where(schedules.c.id == row["id"]).values(values))
    tx.changed(Change(kind="schedule"))
    return schedule(tx, row["id"])


def delete(tx: Tx, ref: str) -> str:
    schedule_id = str(locked(tx, ref)["id"])
    tx.run(sa.delete(schedules).where(schedules.c.id == schedule_id))
    tx.changed(Change(kind="schedule"))
    return schedule_id


def schedule(tx: Tx, ref: str, *, next_runs: int = 5) -> Schedule:
    row = _found(tx, ref)
    return _schedule(row, next_runs=_next_runs(row, next_runs))


def schedules_(
    tx: Tx,
    *,
    workflow_id: str | None = None,
    enabled: bool | None = None,
    limit: int = 100,
    offset: int = 0,
    cursor: str | None = None,
) -> SchedulePage:
    wanted = [*_of_workflow(workflow_id), *_switched(enabled)]
    query = _shown.where(*wanted)
    rows, next_cursor = page_of(tx, query, _NEWEST, cursor=cursor, limit=limit, offset=offset)
    return SchedulePage(schedules=tuple(map(_schedule, rows)), next_cursor=next_cursor)


def upcoming(tx: Tx, *, workflow_id: str | None = None, limit: int = 20) -> list[UpcomingRun]:
    soonest = _shown.where(schedules.c.next_run.is_not(None), *_of_workflow(workflow_id))
    soonest = soonest.order_by(schedules.c.next_run, schedules.c.id).limit(limit)
    return [
        UpcomingRun(
            schedule_id=row["id"],
            schedule_name=row["name"],
            workflow_id=row["workflow_id"],
            workflow_name=row["workflow_name"],
            next_run=moment(row["next_run"]),
        )
        for row in tx.rows(soonest)
    ]


def runs(
    tx: Tx, ref: str, *, limit: int = 50, offset: int = 0, cursor: str | None = None
) -> JobList:
    schedule_id = _found(tx, ref)["id"]
    return jobs_of.jobs_(tx, schedule_id=schedule_id, limit=limit, offset=offset, cursor=cursor)


def locked(tx: Tx, ref: str) -> Row:
    """The schedule's row, ours until COMMIT. Raises NotFound."""
    query = sa.select(schedules).where(schedules.c.id == _found(tx, ref)["id"])
    row = tx.row(query.with_for_update())
    if row is None:  # deleted while we waited for it
        raise _unknown(ref)
    return row


def _found(tx: Tx, ref: str) -> Row:
    """By id, else by name. Raises NotFound, Conflict when several have the name."""
    row = _by_id(tx, ref)
    if row is not None:
        return row
    named = tx.rows(_shown.where(schedules.c.name == ref).limit(2))
    if not named:
        raise _unknown(ref)
    if len(named) > 1:
        raise Conflict(
            f"several schedules are called {ref!r}; say which by its id",
            hint="casare-rpa schedules list",
        )
    return named[0]


def _by_id(tx: Tx, schedule_id: str) -> Row | None:
    return tx.row(_shown.where(schedules.c.id == schedule_id))


def _unknown(ref: str) -> NotFound:
    return NotFound(f"there is no schedule {ref!r}", hint="casare-rpa schedules list")


def _of_workflow(workflow_id: str | None) -> list[sa.ColumnElement[bool]]:
    return [] if workflow_id is None else [schedules.c.workflow_id == workflow_id]


def _switched(enabled: bool | None) -> list[sa.ColumnElement[bool]]:
    return [] if enabled is None else [schedules.c.enabled == enabled]


def _settings(request: ScheduleRequest) -> Values:
    """The columns that a request sets, but for `workflow_id` and `next_run`."""
    details = {
        "job": request.model_dump(include=set(JOB_MEMBERS)),
        "catch_up": request.catch_up,
        "metadata": request.metadata,
    }
    return {
        "name": request.schedule_name,
        "cron_expression": request.cron_expression,
        "timezone": request.timezone,
        "enabled": request.enabled,
        "priority": request.priority,
        "environment": request.environment,
        "input_data": dump(request.input_data),
        "details": dump(details),
    }


def _first_run(tx: Tx, request: ScheduleRequest) -> float | None:
    """Raises BadRequest for an expression or a zone that cannot be."""
    cron.check(request.cron_expression, request.timezone, after=tx.now)
    if not request.enabled:
        return None
    return next(cron.slots(request.cron_expression, request.timezone, after=tx.now))


def _changes_times(row: Row, request: ScheduleRequest) -> bool:
    now = (request.cron_expression, request.timezone, request.enabled)
    return now != (row["cron_expression"], row["timezone"], row["enabled"])


def _next_runs(row: Row, count: int) -> list[Any]:
    if row["next_run"] is None:
        return []
    zone = row["timezone"]
    times = cron.slots(row["cron_expression"], zone, after=row["next_run"] - 1)
    return [cron.in_zone(seconds, zone) for seconds in islice(times, count)]


def _members(row: Row) -> Values:
    """The row as members of a ScheduleRequest."""
    details = load(row["details"])
    return {
        "workflow_id": row["workflow_id"],
        "schedule_name": row["name"],
        "cron_expression": row["cron_expression"],
        "timezone": row["timezone"],
        "enabled": row["enabled"],
        "priority": row["priority"],
        "environment": row["environment"],
        "input_data": load(row["input_data"]),
        "catch_up": details["catch_up"],
        "metadata": details["metadata"],
        **details["job"],
    }


def _schedule(row: Row, **more: Any) -> Schedule:
    return Schedule(
        **_members(row),
        schedule_id=row["id"],
        workflow_name=row["workflow_name"],
        next_run=when(row["next_run"]),
        last_run=when(row["last_run"]),
        last_job_id=row["last_job_id"],
        last_error=load(row["details"]).get("last_error"),
        run_count=row["run_count"],
        failure_count=row["failure_count"],
        created_at=moment(row["created_at"]),
        updated_at=moment(row["updated_at"]),
        **more,
    )
