"""Dates and times. Where a file names no zone, local time is meant; results carry their zone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.utility._moments import aware, parts, percent_form, read_moment, shift
from casare_rpa.nodes.values.reading import as_int, as_text

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PARTS = tuple(
    Output(name, "INTEGER") for name in ("year", "month", "day", "hour", "minute", "second")
)
_MOMENT_HELP = "ISO text, a common order with the day first, epoch seconds, or a date."


class GetCurrentDateTimeNode(Node):
    """Return the current time and its parts: ISO text unless a format is given."""

    category = "utility"
    example = {"timezone": "UTC", "format": "%Y-%m-%d"}
    outputs = (
        Output("datetime", "STRING"),
        Output("timestamp", "FLOAT"),
        *_PARTS,
        Output("day_of_week", "STRING"),
    )
    timezone: Any = prop("", kind="string", help="Such as Europe/Berlin; else local time.")
    format: Any = prop("", kind="string", help="Such as %d.%m.%Y or DD.MM.YYYY.")

    def run(self, ctx: Context) -> Outputs:
        now = datetime.now(UTC).astimezone(_zone(ctx, as_text(self.timezone).strip()))
        form = percent_form(self.format)
        return {
            "datetime": written(now, form) if form else now.isoformat(),
            "timestamp": now.timestamp(),
            **parts(now),
            "day_of_week": _DAYS[now.weekday()],
        }


class GetTimestampNode(Node):
    """Return the current Unix time in seconds, or in milliseconds."""

    category = "utility"
    example = {"milliseconds": True}
    outputs = (Output("timestamp", "FLOAT"),)
    milliseconds: bool = prop(False, kind="boolean", help="Count milliseconds.")

    def run(self, ctx: Context) -> Outputs:
        return {"timestamp": time.time() * (1000 if self.milliseconds else 1)}


class FormatDateTimeNode(Node):
    """Write a point in time as text."""

    category = "utility"
    example = {"datetime": "2024-01-15T10:00:00", "format": "%d.%m.%Y"}
    outputs = (Output("result", "STRING"),)
    datetime: Any = param(None, required=True, help=_MOMENT_HELP)
    input_format: Any = param(None, kind="string", help="The strptime format of the text.")
    format: Any = prop("%Y-%m-%d %H:%M:%S", kind="string", help="The strftime format to write.")

    def run(self, ctx: Context) -> Outputs:
        moment = read_moment(self.datetime, "datetime", self.input_format)
        form = percent_form(self.format)
        return {"result": written(aware(moment), form) if form else aware(moment).isoformat()}


class ParseDateTimeNode(Node):
    """Read a point in time from text; without a format, ISO and the common orders are tried."""

    category = "utility"
    example = {"datetime_string": "15/01/2024 10:30"}
    outputs = (
        Output("timestamp", "FLOAT"),
        *_PARTS,
        Output("iso_format", "STRING"),
        Output("success", "BOOLEAN"),
    )
    datetime_string: Any = param(None, kind="string", required=True, help="The text.")
    format: Any = prop("", kind="string", help="The strptime format of the text.")

    def run(self, ctx: Context) -> Outputs:
        moment = aware(read_moment(self.datetime_string, "datetime_string", self.format))
        return {
            "timestamp": moment.timestamp(),
            **parts(moment),
            "iso_format": moment.isoformat(),
            "success": True,
        }


class DateTimeAddNode(Node):
    """Move a point in time by the calendar; negative amounts go back.

    A month after the 31st of January is the last day of February.
    """

    category = "utility"
    example = {"datetime": "2024-01-31T08:00:00", "months": 1}
    outputs = (Output("result", "STRING"), Output("timestamp", "FLOAT"))
    datetime: Any = port(help=f"{_MOMENT_HELP} Without: now.")
    years: Any = port(0, kind="integer", help="Years to add.")
    months: Any = port(0, kind="integer", help="Months to add.")
    weeks: Any = port(0, kind="integer", help="Weeks to add.")
    days: Any = port(0, kind="integer", help="Days to add.")
    hours: Any = port(0, kind="integer", help="Hours to add.")
    minutes: Any = port(0, kind="integer", help="Minutes to add.")
    seconds: Any = port(0, kind="integer", help="Seconds to add.")

    def run(self, ctx: Context) -> Outputs:
        given = self.datetime
        start = datetime.now() if given in (None, "") else read_moment(given, "datetime")  # noqa: DTZ005 - local wall clock
        try:
            moved = shift(
                start,
                months=self._amount("years") * 12 + self._amount("months"),
                days=self._amount("weeks") * 7 + self._amount("days"),
                seconds=self._amount("hours") * 3600
                + self._amount("minutes") * 60
                + self._amount("seconds"),
            )
        except (ValueError, OverflowError) as error:
            raise NodeError(f"the result is no date: {error}", ErrorCode.VALUE_OUT_OF_RANGE) from (
                error
            )
        if given in (None, ""):
            moved = aware(moved)
        return {"result": moved.isoformat(), "timestamp": moved.timestamp()}

    def _amount(self, name: str) -> int:
        value = getattr(self, name)
        return 0 if value in (None, "") else as_int(value, name)


class DateTimeDiffNode(Node):
    """Return the span from one point in time to another.

    The totals are negative when the second comes first; days, hours, minutes and seconds are the
    span's own parts.
    """

    category = "utility"
    example = {"datetime_1": "2024-01-01", "datetime_2": "2024-01-02T12:00:00"}
    outputs = (
        *(Output(f"total_{unit}", "FLOAT") for unit in ("seconds", "minutes", "hours", "days")),
        *(Output(unit, "INTEGER") for unit in ("days", "hours", "minutes", "seconds")),
    )
    datetime_1: Any = param(None, required=True, help=f"From here. {_MOMENT_HELP}")
    datetime_2: Any = param(None, required=True, help=f"To here. {_MOMENT_HELP}")

    def run(self, ctx: Context) -> Outputs:
        first, second = _both(self.datetime_1, self.datetime_2)
        total = (second - first).total_seconds()
        minutes, seconds = divmod(int(abs(total)), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        return {
            "total_seconds": total,
            "total_minutes": total / 60,
            "total_hours": total / 3600,
            "total_days": total / 86400,
            **{"days": days, "hours": hours, "minutes": minutes, "seconds": seconds},
        }


class DateTimeCompareNode(Node):
    """Order two points in time; `comparison` is -1, 0 or 1, the first against the second."""

    category = "utility"
    example = {"datetime_1": "2024-01-01", "datetime_2": "2024-01-02"}
    outputs = (
        *(Output(name, "BOOLEAN") for name in ("is_before", "is_after", "is_equal")),
        Output("comparison", "INTEGER"),
    )
    datetime_1: Any = param(None, required=True, help=f"The first. {_MOMENT_HELP}")
    datetime_2: Any = param(None, required=True, help=f"The second. {_MOMENT_HELP}")

    def run(self, ctx: Context) -> Outputs:
        first, second = _both(self.datetime_1, self.datetime_2)
        return {
            "is_before": first < second,
            "is_after": first > second,
            "is_equal": first == second,
            "comparison": (first > second) - (first < second),
        }


def written(moment: datetime, form: str) -> str:
    """The moment by a strftime format. Raises NodeError for one that cannot be used."""
    try:
        return moment.strftime(form)
    except (ValueError, UnicodeError) as error:
        raise NodeError(f"format: {error}", ErrorCode.INVALID_FORMAT) from error


def _both(first: Any, second: Any) -> tuple[datetime, datetime]:
    """Two moments that can be compared; where only one has a zone, the other is local time."""
    one, two = read_moment(first, "datetime_1"), read_moment(second, "datetime_2")
    if one.tzinfo is None and two.tzinfo is None:
        # As people write dates: from Saturday to Monday are two days, also in a night of 23 hours.
        return one, two
    return aware(one).astimezone(UTC), aware(two).astimezone(UTC)


def _zone(ctx: Context, name: str) -> tzinfo | None:
    if not name or name.lower() == "local":
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        ctx.log(f"timezone: {name!r} is unknown, local time it is", level="warning")
        return None
