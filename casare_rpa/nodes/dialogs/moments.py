"""A dialog for dates and times."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, prop
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left
from casare_rpa.nodes.dialogs._moments import written
from casare_rpa.nodes.values.reading import as_text, one_of

_FORMAT: Final = "yyyy-MM-dd HH:mm:ss"
#: How each mode is typed, and what of the format above it has.
_TYPED: Final = {
    "date": ("YYYY-MM-DD", "yyyy-MM-dd"),
    "time": ("HH:MM", "HH:mm:ss"),
    "datetime": ("YYYY-MM-DD HH:MM", _FORMAT),
}
_NOW = {"now", "today"}


class DateTimePickerDialogNode(DialogNode):
    """Ask a person for a date, a time, or both.

    They are typed as `2026-11-30` and `14:05` or `14:05:30`; Enter alone takes the moment of the
    question, which is offered, and Ctrl-D cancels the dialog: `selected` is false. What is before
    `min_date` or after `max_date` is asked for again, and the nearer of them is offered where they
    leave out the moment of the question; both may have a time of day, and a `max_date` without one
    means all of that day. Where they leave nothing the dialog fails.

    `value` is written as `format` says (`dd.MM.yyyy HH:mm`); where that is the default, a date has
    no time and a time no date. `timestamp` counts seconds since 1970; a time is one of today. The
    time zone is that of the machine.
    """

    example = {"title": "Due on", "mode": "date"}
    title: str = prop("Select Date/Time", kind="string", help="The headline.")
    mode: str = prop(
        "datetime", kind="choice", choices=("date", "time", "datetime"), help="What to ask for."
    )
    format: str = prop(_FORMAT, kind="string", help="How `value` is written.")
    min_date: str = prop("", kind="string", help="The earliest that is taken.")
    max_date: str = prop("", kind="string", help="The latest that is taken.")
    outputs = (
        Output("value", "STRING"),
        Output("timestamp", "INTEGER"),
        Output("selected", "BOOLEAN"),
    )

    def check(self, ctx: Context) -> None:
        self.kind = one_of(self.mode, "mode", _TYPED)
        self.earliest = _limit(self.min_date, "min_date", time.min)
        self.latest = _limit(self.max_date, "max_date", time.max)
        if self.earliest and self.latest and self.earliest > self.latest:
            raise NodeError(
                f"min_date {self.min_date} is after max_date {self.max_date}: nothing is between",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )

    async def ask(self, asking: Asking) -> Outputs:
        typed, form = _TYPED[self.kind]
        now = datetime.now().astimezone().replace(microsecond=0, tzinfo=None)
        offered = written(self._nearest(now), form)
        self._check_offer(offered, now)
        at = await asking.read(typed, offered, lambda answer: self._read(answer, now))
        if at is None:
            raise Left
        wanted = as_text(self.format) or _FORMAT
        return {
            "value": written(at, form if wanted == _FORMAT else wanted),
            "timestamp": int(at.timestamp()),
            "selected": True,
        }

    def left(self) -> Outputs:
        return {"value": "", "timestamp": 0, "selected": False}

    def _nearest(self, now: datetime) -> datetime:
        """*now*, or the limit that leaves it out; whole seconds."""
        if self.earliest and now < self.earliest:
            # Written it has no fraction, and without its fraction it would be too early.
            fraction = self.earliest.microsecond / 1_000_000
            return self.earliest + timedelta(seconds=1 - fraction if fraction else 0)
        return min(now, self.latest) if self.latest else now

    def _check_offer(self, offered: str, now: datetime) -> None:
        """Raise NodeError where even the best offer is none: a time of today, say, is too early."""
        try:
            self._read(offered, now)
        except NodeError as error:
            what = "time of today" if self.kind == "time" else self.kind
            raise NodeError(
                f"no {what} is between min_date {self.min_date or '(none)'} and max_date"
                f" {self.max_date or '(none)'}",
                ErrorCode.VALUE_OUT_OF_RANGE,
            ) from error

    def _read(self, answer: str, now: datetime) -> datetime:
        at = now if answer.lower() in _NOW else self._parsed(answer, now)
        if self.kind == "date":
            at = datetime.combine(at.date(), time.min)
        if self.earliest and at < self._compared(self.earliest):
            raise NodeError(f"Not before {self.min_date}, please.", ErrorCode.VALUE_OUT_OF_RANGE)
        if self.latest and at > self.latest:
            raise NodeError(f"Not after {self.max_date}, please.", ErrorCode.VALUE_OUT_OF_RANGE)
        return at

    def _compared(self, limit: datetime) -> datetime:
        return datetime.combine(limit.date(), time.min) if self.kind == "date" else limit

    def _parsed(self, answer: str, now: datetime) -> datetime:
        try:
            if self.kind == "time":
                return datetime.combine(now.date(), _time(answer))
            return _moment(answer)
        except ValueError as error:
            typed, _ = _TYPED[self.kind]
            raise NodeError(
                f"{answer} is not read: {typed}, please.", ErrorCode.INVALID_FORMAT
            ) from error


def _time(text: str) -> time:
    return time.fromisoformat(re.sub(r"^(\d):", r"0\1:", text)).replace(tzinfo=None)


def _moment(text: str) -> datetime:
    day, _, clock = text.replace("T", " ").partition(" ")
    return datetime.combine(date.fromisoformat(day), _time(clock.strip() or "00:00"))


def _limit(text: str, parameter: str, end: time) -> datetime | None:
    given = as_text(text).strip()
    if not given:
        return None
    try:
        found = _moment(given)
    except ValueError as error:
        raise NodeError(
            f"{parameter}: {given!r} is no date; write 2026-11-30 or 2026-11-30 14:05",
            ErrorCode.INVALID_FORMAT,
        ) from error
    return found if ":" in given else datetime.combine(found.date(), end)
