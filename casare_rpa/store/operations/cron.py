"""Cron expressions: which may be saved, and the times they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from casare_rpa.errors import BadRequest

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def check(expression: str, timezone: str, *, after: float) -> None:
    """Raises BadRequest for what is no cron expression, no zone, or has no time to come."""
    if next(slots(expression, timezone, after=after), None) is None:
        raise _bad(expression, "it names no date to come")


def slots(expression: str, timezone: str, *, after: float) -> Iterator[float]:
    """The times later than *after*, in order, as seconds since 1970.

    As in Debian's cron: a time of day that the clocks skip in spring comes when they have been
    set forward, one that they show twice in autumn comes once; `*` in minute or hour goes on
    through both. Raises BadRequest when the times cannot be told.
    """
    start = datetime.fromtimestamp(after, _zone(timezone))
    latest = after
    for time in _times(expression, start):
        # Started in the hour that autumn repeats, the library begins with the first of the two.
        if time.timestamp() > latest:
            latest = time.timestamp()
            yield latest


def in_zone(seconds: float, timezone: str) -> datetime:
    """The time as clocks in *timezone* show it."""
    return datetime.fromtimestamp(seconds, _zone(timezone))


def _times(expression: str, start: datetime) -> CronSim:
    fields = _NAMED.get(expression.strip().lower(), expression)
    if len(fields.split()) != 5:
        raise _bad(expression, "five fields are wanted")
    try:
        return CronSim(fields, start)
    except CronSimError as error:
        raise _bad(expression, str(error).lower()) from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # unknown, a path, or a folder of zones
        raise BadRequest(
            f"there is no time zone {name!r}",
            field="timezone",
            hint="Write a name such as UTC, Europe/Berlin or America/New_York.",
        ) from None


def _bad(expression: str, why: str) -> BadRequest:
    return BadRequest(
        f"{expression!r} is no cron expression that can fire: {why}",
        field="cron_expression",
        hint="Write minute, hour, day of month, month, day of week, such as '0 6 * * 1-5'.",
    )
