"""What the commands about schedules share: which is meant, and how it is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment, plain
from casare_rpa.domain.json_values import Json

ScheduleId = Annotated[
    str, typer.Argument(metavar="SCHEDULE", help="Id of a schedule, or a name that only it has.")
]


def _switch(enabled: Any) -> str:
    return "enabled" if enabled else "disabled"


LIST_COLUMNS = (
    Column("SCHEDULE", "schedule_id"),
    Column("NAME", "schedule_name"),
    Column("WORKFLOW", "workflow_id", spare=True),
    Column("CRON", "cron_expression"),
    Column("ZONE", "timezone", spare=True),
    Column("STATE", "enabled", _switch),
    Column("NEXT", "next_run", moment),
    Column("LAST", "last_run", moment, spare=True),
)
COLUMNS = (
    Column("schedule", "schedule_id"),
    Column("name", "schedule_name"),
    Column("workflow", "workflow_id"),
    Column("cron", "cron_expression"),
    Column("zone", "timezone"),
    Column("state", "enabled", _switch),
    Column("next", "next_run", moment),
    Column("catch up", "catch_up"),
    Column("input", "input_data"),
    Column("priority", "priority"),
    Column("environment", "environment"),
    Column("robot", "robot_id"),
    Column("tags", "tags"),
    Column("last run", "last_run", moment),
    Column("last job", "last_job_id"),
    Column("last error", "last_error"),
    Column("runs", "run_count"),
    Column("failures", "failure_count"),
    Column("created", "created_at", moment),
    Column("updated", "updated_at", moment),
)


def _utc(value: Any) -> str:
    """Always the time itself, which the column's title promises."""
    return moment(value)


TIME_COLUMNS = (Column("LOCAL", "local"), Column("UTC", "utc", _utc))


def times(schedule: Json) -> list[Json]:
    """The next times of *schedule*, in its own zone and in UTC."""
    return [_both(text) for text in schedule.get("next_runs") or ()]


def _both(text: str) -> Json:
    time = datetime.fromisoformat(text)
    utc = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {"local": local(text), "utc": utc, "time": text}


def local(text: Any) -> str:
    """`Mon 2026-11-23 06:00 +01:00`, as clocks in the zone show it."""
    try:
        time = datetime.fromisoformat(plain(text))
    except ValueError:
        return plain(text)
    return f"{_DAYS[time.weekday()]} {time.isoformat(' ', 'minutes')[:16]} {_offset(time)}"


#: Not strftime's: those change with the terminal's language.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _offset(time: datetime) -> str:
    return time.isoformat()[19:].replace("Z", "+00:00")
