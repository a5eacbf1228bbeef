"""The clock that decides leases."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable


def steady_clock() -> Callable[[], float]:
    """Seconds since 1970 by the wall clock of this moment, going on steadily from here.

    A wall clock set forward or back while the server runs ends no lease and starts no job. Time
    in suspend counts where the system can tell.
    """
    steady = _steady_seconds()
    offset = time.time() - steady()
    return lambda: offset + steady()


def _steady_seconds() -> Callable[[], float]:
    boot_time: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    if sys.platform == "win32" or boot_time is None:
        return time.monotonic
    return lambda: time.clock_gettime(boot_time)
