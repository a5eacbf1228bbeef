"""How long to leave a service alone that was too busy."""

from __future__ import annotations

import random
from typing import Any

from casare_rpa.nodes.values.reading import number_or_none

_FIRST_SECONDS = 1.0
#: Who asks for a longer pause has used up a quota: the run is told so instead of waiting.
LONGEST_SECONDS = 60.0
#: So much is no pause but a mistake, or a date in digits.
_NO_TIME_SECONDS = 1e9


class Pauses:
    """The pauses of one request: what the service asks for, else each time twice as long.

    `asked` is what its last refusal asked for, in seconds; None if it named no time.
    """

    def __init__(self) -> None:
        self.asked: float | None = None
        self._own = _FIRST_SECONDS

    @property
    def is_too_long(self) -> bool:
        """Whether the service wants to be left alone for longer than is waited."""
        return self.asked is not None and self.asked > LONGEST_SECONDS

    def next_seconds(self) -> float:
        # Robots that were refused at one moment do not come back at one moment.
        own = self._own * random.uniform(0.75, 1.25)
        self._own *= 2
        return own if self.asked is None else self.asked


def seconds_in(asked: Any) -> float | None:
    """The seconds that a service asks for: a number, or text as in a Retry-After without a date."""
    seconds = number_or_none(asked)
    return float(seconds) if seconds is not None and 0 <= seconds < _NO_TIME_SECONDS else None
