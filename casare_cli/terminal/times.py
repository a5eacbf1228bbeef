"""Times of day as people type them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from casare_rpa.errors import InvalidInput

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def time_of_day(text: str, option: str, *, now: datetime | None = None) -> datetime:
    """The time that *text* means: ISO 8601 with a zone, or HH:MM by this machine's clock.

    HH:MM is the next time that the clock shows it, today or tomorrow. Raises InvalidInput.
    """
    if clock := _CLOCK.fullmatch(text.strip()):
        return _next(int(clock[1]), int(clock[2]), text, option, now or _local())
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInput(
            f"{option}: {text!r} is no time",
            hint="Write it like 18:30 or 2026-12-01T08:00+01:00.",
        ) from None
    if found.tzinfo is None:
        raise InvalidInput(
            f"{option}: {text!r} does not say in which time zone",
            hint=f"Write {text}Z for UTC, or {text}+01:00.",
        )
    return found


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
