"""Notices that the clock was set and that the machine slept."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.machine.timeline import JUMPED
from casare_rpa.boot_clock import boottime_seconds

#: Less is the work of a time server, or of a busy machine.
_JUMP_SECONDS = 1.0
_SLEEP_SECONDS = 1.0

Note = Callable[..., None]
Clocks = tuple[float, float, float]


def clocks() -> Clocks:
    """Seconds of the wall clock, the boot clock, and the clock that stands still in a sleep."""
    return time.time(), boottime_seconds(), time.monotonic()


class ClockWatch:
    """`look` is called about every second, by one thread."""

    def __init__(self, note: Note, read: Callable[[], Clocks] = clocks) -> None:
        self._note = note
        self._read = read
        self._last = read()

    def look(self) -> None:
        before, self._last = self._last, self._read()
        wall, boot, awake = (now - then for now, then in zip(self._last, before, strict=True))
        if abs(wall - boot) >= _JUMP_SECONDS:
            jump = wall - boot
            way = "forward" if jump > 0 else "back"
            text = f"the clock was set {way} by {abs(jump):.1f} s"
            self._note(JUMPED, text, seconds=round(jump, 3))
        if boot - awake >= _SLEEP_SECONDS:
            text = f"the machine slept for {boot - awake:.0f} s"
            self._note("machine.slept", text, seconds=round(boot - awake, 3))
