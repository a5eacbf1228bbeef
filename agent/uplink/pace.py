"""How many events one call holds, on a line that may be slow and thin."""

from __future__ import annotations

from agent.job.frames import MOST_EVENTS
from casare_rpa.errors import CasareError, RequestTimeout, Unreachable


class Pace:
    """Halves what a call holds while calls time out or are refused, doubles it with each success.

    A batch larger than what the line carries in a request's time would be sent again for ever.
    """

    def __init__(self) -> None:
        #: How many events the next call holds at most; None for no other limit than that of all.
        self.most: int | None = None
        #: A call timed out: what is gzipped comes through a thin line.
        self.compress = False

    def too_late(self, error: CasareError, tried: int) -> bool:
        """Whether *error* says a call with *tried* events took too long and fewer may do it."""
        if not _is_late(error):
            return False
        self.compress = True
        if tried < 2:
            return False
        self.most = tried // 2
        return True

    def accepted(self) -> None:
        most = 2 * (self.most or MOST_EVENTS)
        self.most = most if most < MOST_EVENTS else None

    def refused(self, tried: int) -> None:
        """One of the *tried* events is at fault: smaller pieces find out which."""
        self.most = tried // 2


def _is_late(error: CasareError) -> bool:
    """Whether the call took too long, here or there."""
    return isinstance(error, RequestTimeout) or (isinstance(error, Unreachable) and error.timed_out)
