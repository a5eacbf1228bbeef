"""The clock that decides leases."""

from __future__ import annotations

import time
from collections.abc import Callable

from casare_rpa.boot_clock import boottime_seconds


def steady_clock() -> Callable[[], float]:
    """Seconds since 1970 by the wall clock of this moment, going on steadily from here.

    A wall clock set forward or back while the server runs ends no lease and starts no job. Time
    in suspend counts where the system can tell.
    """
    offset = time.time() - boottime_seconds()
    return lambda: offset + boottime_seconds()
