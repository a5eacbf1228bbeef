"""Points in time as files give them, and calendar arithmetic."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.values.reading import as_text, missing, number_or_none, shown

#: Tried in this order after ISO 8601: the day goes before the month where both fit.
_DATE_FORMS = (
    *("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%m/%d/%Y", "%m-%d-%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%d-%b-%Y"),
)
_TIME_FORMS = ("", " %H:%M:%S", " %H:%M", "T%H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
#: Letters that stand for parts of a date where a format has no percent sign.
_LETTERS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
_OFFSET = re.compile(r"(?<=\d)(Z|[+-]\d\d:\d\d)$")
_LETTER_FORM = re.compile("|".join(_LETTERS))


def percent_form(form: Any) -> str:
    """A strftime format of one, or of letters such as YYYY-MM-DD."""
    text = as_text(form)
    return text if "%" in text else _LETTER_FORM.sub(lambda found: _LETTERS[found[0]], text)


def read_moment(value: Any, name: str, form: Any = "") -> datetime:
    """A point in time of a datetime, epoch seconds, or text; naive where no zone is given.

    *form* is as for percent_form; without one ISO 8601 and the common orders are tried.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if value is None or (isinstance(value, str) and not value.strip()):
        raise missing(name)
    try:
        moment = _parsed(value, percent_form(form))
    except (ValueError, OverflowError, OSError):
        moment = None
    if moment is None:
        how = f" of the form {form!r}" if form else ""
        raise NodeError(
            f"{name}: {shown(value)} is no date and time{how}",
            ErrorCode.PARSE_ERROR,
            business=True,
        )
    return moment


def aware(moment: datetime) -> datetime:
    """The moment with its zone; one without is local time."""
    return moment if moment.tzinfo else moment.astimezone()


def shift(moment: datetime, months: int, days: int, seconds: int) -> datetime:
    """The moment moved by the calendar (months and days of the wall clock), then by seconds.

    The 31st of a month that has none becomes its last day.
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    moved = moment.replace(year=year, month=month + 1, day=day) + timedelta(days=days)
    if seconds == 0:
        return aware(moved)
    # Hours are counted on the universal clock, so that a change of summer time adds none.
    exact = aware(moved).astimezone(UTC) + timedelta(seconds=seconds)
    return exact.astimezone(moved.tzinfo)


def parts(moment: datetime) -> dict[str, int]:
    names = ("year", "month", "day", "hour", "minute", "second")
    return {name: getattr(moment, name) for name in names}


def _parsed(value: Any, form: str) -> datetime | None:
    if form:
        return _of_form(str(value), form)
    number = number_or_none(value)
    if number is not None and not _is_compact_date(value):
        return datetime.fromtimestamp(number, UTC).astimezone()
    return _parsed_text(str(value).strip())


def _of_form(text: str, form: str) -> datetime:
    """Raises ValueError. A naive result is local time, which `aware` says.

    The dates of these nodes end in their offset, which the forms that people write leave out.
    """
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007
    except ValueError:
        offset = _OFFSET.search(text)
        if offset is None:
            raise
    moment = datetime.strptime(text[: offset.start()], form)  # noqa: DTZ007
    return moment.replace(tzinfo=datetime.fromisoformat(f"2000-01-01T00{offset[0]}").tzinfo)


def _is_compact_date(value: Any) -> bool:
    """20240115 is a date, not a second of the year 1970."""
    return isinstance(value, str) and len(value.strip()) == 8 and value.strip().isdecimal()


def _parsed_text(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for date_form in _DATE_FORMS:
        for time_form in _TIME_FORMS:
            try:
                return datetime.strptime(text, date_form + time_form)  # noqa: DTZ007
            except ValueError:
                continue
    return None
