"""Times of day as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from casare_rpa.errors import InvalidInput

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_DAY_AND_ZONE = re.compile(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})")


def time_of_day(text: str, option: str, *, now: datetime | None = None) -> datetime:
    """The time that *text* means: ISO 8601 with a zone, or HH:MM by this machine's clock.

    HH:MM is the next time that the clock shows it, today or tomorrow. Raises InvalidInput.
    """
    if clock := _CLOCK.fullmatch(text.strip()):
        return _next(int(clock[1]), int(clock[2]), text, option, now or _local())
    return zoned(text, option, "18:30 or 2026-12-01T08:00+01:00")


def zoned(text: str, option: str, examples: str) -> datetime:
    """The time that *text* means in ISO 8601 with a zone. Raises InvalidInput."""
    word = text.strip()
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        day = _DAY_AND_ZONE.fullmatch(word)
        example = f"{day[1]}T00:00{day[2]}" if day else f"it like {examples}"
        raise InvalidInput(f"{option}: {text!r} is no time", hint=f"Write {example}.") from None
    if found.tzinfo is None:
        full = word if len(word) > len("2026-12-01") else f"{word}T00:00"
        raise InvalidInput(
            f"{option}: {text!r} does not say in which time zone",
            hint=f"Write {full}Z for UTC, or {full}+01:00.",
        )
    return found


def shown_local(moment: datetime) -> str:
    """`2026-12-01 18:30 +01:00`: the time as this machine's clock shows it."""
    here = moment.astimezone()
    zone = here.isoformat()[-6:]
    return f"{here.isoformat(' ', 'minutes')[:16]} {zone}"


def _local() -> datetime:
    """What this machine's clock shows."""
    return datetime.now(UTC).astimezone().replace(tzinfo=None)


def _next(hour: int, minute: int, text: str, option: str, now: datetime) -> datetime:
    try:
        found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    except ValueError:
        raise InvalidInput(f"{option}: no clock shows {text!r}") from None
    # Added before the zone is, so that a day with 23 or 25 hours keeps the clock's time.
    return (found if found > now else found + timedelta(days=1)).astimezone()
