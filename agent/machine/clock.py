"""The clock that leases are measured on."""

from __future__ import annotations

import sys
import time

_BOOTTIME: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def boottime_seconds() -> float:
    """Seconds on a clock that also runs while the machine sleeps, the same in every process.

    Where a system has no such clock it is the monotonic one.
    """
    if sys.platform == "win32" or _BOOTTIME is None:
        return time.monotonic()
    return time.clock_gettime(_BOOTTIME)
