"""Lists of jobs: filtered, in an order that an index serves, page by page.

The planner of SQLite would rather sort a million rows than merge two parts of an index, so a list
that may hold several statuses is put together from one list for each, all in the same order, where
an index has them that way; else one walk along the order looks at all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import product
from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.store.cursors import Order
from casare_rpa.store.records import JobFilter
from casare_rpa.store.tables import has_ended, is_open, jobs
from casare_rpa.store.tx import Row, Tx, dump, seconds_of
from casare_rpa.wire import JobSort

_Condition = sa.ColumnElement[bool]
_LISTED = [column for column in jobs.c if column.name not in ("result", "start_state")]
_COLUMNS = {
    "created": (jobs.c.created_at, jobs.c.id),
    "ended": (jobs.c.completed_at, jobs.c.id),
    "priority": (jobs.c.priority, jobs.c.created_at, jobs.c.id),
}
#: Only these jobs have a place in the order.
_PLACED: dict[str, list[_Condition]] = {"created": [], "ended": [has_ended], "priority": [is_open]}
#: What has an index in the order.
_INDEXED = {
    "created": {
        "status",
        "workflow_id",
        "schedule_id",
        "robot_id",
        "pinned_robot_id",
        "created_at",
    },
    "ended": {"completed_at"},
    "priority": {"priority"},
}
ORDERS = {
    sort: Order(
        name=f"jobs {sort}",
        columns=_COLUMNS[sort.removeprefix("-")],
        descending=sort.startswith("-"),
    )
    for sort in get_args(JobSort)
}


def find(
    tx: Tx,
    wanted: JobFilter,
    *,
    sort: JobSort | None,
    cursor: str | None,
    limit: int,
    offset: int,
) -> tuple[Sequence[Row], str | None]:
    """A page of the jobs that are *wanted*, without results, and the cursor of the next one."""
    chosen = sort or default_sort(wanted)
    query = statement(wanted, sort=chosen, cursor=cursor, limit=limit + 1, offset=offset)
    return ORDERS[chosen].page(tx.rows(query), limit)


def default_sort(wanted: JobFilter) -> JobSort:
    """Newest first; asked for the time of the end, those that ended last."""
    by_end = wanted.get("ended_since") or wanted.get("ended_until")
    return "-ended" if by_end else "-created"


def count(tx: Tx, wanted: JobFilter, *, sort: JobSort | None) -> int:
    """How many jobs a list has on all its pages."""
    parts = [
        sa.select(sa.func.count()).select_from(jobs).where(*conditions).scalar_subquery()
        for conditions in _parts(wanted, sort or default_sort(wanted))
    ]
    return int(tx.scalar(sa.select(sum(parts[1:], start=parts[0]))))


def statement(
    wanted: JobFilter, *, sort: JobSort, cursor: str | None, limit: int, offset: int
) -> sa.Select[Any]:
    order = ORDERS[sort]
    behind = order.behind(cursor)
    lists = [
        sa.select(*_LISTED).where(*conditions, *behind).order_by(*order.terms())
        for conditions in _parts(wanted, sort)
    ]
    if len(lists) == 1:
        return lists[0].limit(limit).offset(offset)
    heads = [sa.select(one.limit(limit + offset).subquery()) for one in lists]
    merged = sa.union_all(*heads).subquery()
    return sa.select(merged).order_by(*order.terms(merged)).limit(limit).offset(offset)


def _parts(wanted: JobFilter, sort: JobSort) -> list[list[_Condition]]:
    """The conditions of lists that have no job in common and are together what is wanted."""
    by = sort.removeprefix("-")
    common = [*_PLACED[by], *_common(wanted, by)]
    parts = product(_by_status(wanted, by), _by_robot(wanted, by))
    return [[*common, *status, *robot] for status, robot in parts]


def _column(name: str, by: str) -> sa.ColumnElement[Any]:
    """The column to compare; without an index in the order by *by*, so that none is looked up.

    SQLite would take that index and then sort whatever it finds, be it a million rows. PostgreSQL
    knows its rows, and sees the bare column.
    """
    column = jobs.c[name]
    return column if name in _INDEXED[by] else _Unindexed(column)


class _Unindexed(FunctionElement[Any]):
    """The value of a column, in words that make SQLite look for no index of it."""

    name = "unindexed"
    inherit_cache = True

    def __init__(self, column: sa.Column[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_Unindexed, "sqlite")
def _with_sign(element: _Unindexed, compiler: SQLCompiler, **more: Any) -> str:
    return "+" + compiler.process(element.clauses, **more)


@compiles(_Unindexed)
def _plain(element: _Unindexed, compiler: SQLCompiler, **more: Any) -> str:
    return compiler.process(element.clauses, **more)


def _by_status(wanted: JobFilter, by: str) -> list[list[_Condition]]:
    statuses = sorted(_stored(wanted.get("status", ())))
    column = _column("status", by)
    if statuses and "status" not in _INDEXED[by]:
        return [[column.in_(statuses)]]
    return [[column == status] for status in statuses] or [[]]


def _stored(statuses: Collection[JobStatus]) -> set[str]:
    """`queued` is never written; who asks for it means pending."""
    return {
        JobStatus.PENDING.value if status == JobStatus.QUEUED else JobStatus(status).value
        for status in statuses
    }


def _by_robot(wanted: JobFilter, by: str) -> list[list[_Condition]]:
    """The robot that has or had the job, else the one that it waits for."""
    robot_id = wanted.get("robot_id")
    if robot_id is None:
        return [[]]
    has = _column("robot_id", by) == robot_id
    waits = sa.and_(jobs.c.robot_id.is_(None), _column("pinned_robot_id", by) == robot_id)
    return [[has], [waits]] if "robot_id" in _INDEXED[by] else [[sa.or_(has, waits)]]


def _common(wanted: JobFilter, by: str) -> list[_Condition]:
    values = {
        "workflow_id": wanted.get("workflow_id"),
        "schedule_id": wanted.get("schedule_id"),
        "environment": wanted.get("environment"),
        "priority": wanted.get("priority"),
    }
    equal = [_column(name, by) == value for name, value in values.items() if value is not None]
    made = _within(_column("created_at", by), wanted.get("since"), wanted.get("until"))
    ended = _within(
        _column("completed_at", by), wanted.get("ended_since"), wanted.get("ended_until")
    )
    again = _run_again(wanted.get("run_again"))
    return [*equal, *made, *ended, *again, *map(_has_tag, sorted(set(wanted.get("tags", ()))))]


def _within(
    column: sa.ColumnElement[Any], since: datetime | None, until: datetime | None
) -> list[_Condition]:
    return [
        *([column >= seconds_of(since)] if since is not None else []),
        *([column < seconds_of(until)] if until is not None else []),
    ]


def _run_again(is_wanted: bool | None) -> list[_Condition]:
    if is_wanted is None:
        return []
    other = jobs.alias("other")
    retried, rerun = (
        sa.exists().where(origin == jobs.c.id) for origin in (other.c.retry_of, other.c.rerun_of)
    )
    return [sa.or_(retried, rerun)] if is_wanted else [~retried, ~rerun]


def _has_tag(tag: str) -> _Condition:
    """Whether the JSON list of tags holds it: looked up as text, which both databases do alike."""
    members = "," + sa.func.substr(jobs.c.tags, 2, sa.func.length(jobs.c.tags) - 2) + ","
    return sa.func.replace(members, f",{dump(tag)},", "") != members
