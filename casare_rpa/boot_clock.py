"""The clock that leases are measured on."""

from __future__ import annotations

import sys
import time

_CLOCK: int | None
if sys.platform == "darwin":
    # clock_gettime(3) there: it goes on while the system sleeps, CLOCK_UPTIME_RAW does not.
    _CLOCK = time.CLOCK_MONOTONIC_RAW
else:
    _CLOCK = getattr(time, "CLOCK_BOOTTIME", None)


def boottime_seconds() -> float:
    """Seconds on a clock that also runs while the machine sleeps, the same in every process.

    Where Python names no such clock (Windows) it is the monotonic one.
    """
    if sys.platform == "win32" or _CLOCK is None:
        return time.monotonic()
    return time.clock_gettime(_CLOCK)
