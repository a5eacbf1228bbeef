"""The agent's side towards its machine: heeds the control file, shows the status, feeds systemd.

`tend` is called about every second by the main thread, wherever that waits. It works without the
orchestrator.
"""

from __future__ import annotations

import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

from agent.machine import control
from agent.machine.clock_watch import ClockWatch
from agent.machine.control import Control, Pause, StopRequest
from agent.machine.notify import Notifier
from agent.machine.status import StatusFile
from agent.machine.timeline import Timeline
from casare_rpa import __version__
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.domain.json_values import Json

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A pause as this run of the agent counts it; `until` is on the boot clock."""

    note: str
    until: float | None

    @property
    def left_seconds(self) -> float | None:
        return None if self.until is None else max(0.0, self.until - boottime_seconds())


class Console:
    """Used by the main thread alone, but for `rest` and `shown`, which others may read."""

    def __init__(
        self, root: Path, *, orchestrator_url: str, timeline: Timeline, env: Mapping[str, str]
    ) -> None:
        self._root = root
        self._status = StatusFile(root)
        self._timeline = timeline
        self._clocks = ClockWatch(timeline.note)
        self._noted: object = None
        #: The last status and when (monotonic clock) it was true.
        self.shown: tuple[float, Json] = (time.monotonic(), {"state": "starting"})
        self.notify = Notifier(env)
        self.start_id = secrets.token_hex(8)
        #: The machine's pause, if there is one.
        self.rest: Rest | None = None
        self._seen: object = None
        self._next_look = 0.0
        self._obeyed: StopRequest | None = None
        self._fed_at = self._asked_at = float("-inf")
        self._said = ""
        started_at = _now()
        self._about: Json = {
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
            "start_id": self.start_id,
            "version": __version__,
            "started_at": started_at,
            "orchestrator_url": orchestrator_url,
            # Out of reach since the start, until a status says more.
            "reachable_changed_at": started_at,
        }

    def tend(self, tell: Callable[[], Json]) -> StopRequest | None:
        """Look at the control file and show what *tell* says; a request to stop that is new."""
        now = time.monotonic()
        if now < self._next_look:
            return None
        self._next_look = now + _LOOK_SECONDS
        asked = self._look()
        self._clocks.look()
        self.show(tell())
        return asked

    def show(self, status: Json) -> None:
        """Write the status file; `state` and `why` of *status* go to systemd as well."""
        why = f": {status['why']}" if status.get("why") else ""
        line = f"{status['state']}{why}"
        if line != self._said:
            self.notify.status(line)
            self._said = line
        self.shown = (time.monotonic(), status)
        self._note_changes(status)
        try:
            self._status.show({**self._about, **status})
        except OSError as error:
            log.debug("the status cannot be written: %s", error)

    def _note_changes(self, status: Json) -> None:
        """Enter a new state into the timeline; of the reasons to wait at the start only one."""
        state, why = status["state"], status.get("why") or ""
        seen = (state, why if state != "starting" else bool(why))
        if seen != self._noted:
            self._noted = seen
            text = f"{state}: {why}" if why else state
            self._timeline.note("agent.state", text, state=state, why=why)

    def feed_watchdog(self) -> None:
        """Tell systemd that all is well, twice as often as it wants."""
        wanted, now = self.notify.watchdog_seconds, time.monotonic()
        if wanted is not None and now - self._fed_at >= wanted / 2 - _LOOK_SECONDS:
            self.notify.alive()
            self._fed_at = now

    def needs_time(self, seconds: float) -> None:
        """Ask systemd for patience with the stop that is under way."""
        now = time.monotonic()
        if now - self._asked_at >= _LOOK_SECONDS:
            self.notify.needs(seconds)
            self._asked_at = now

    def close(self) -> None:
        self._status.remove()

    def _look(self) -> StopRequest | None:
        if self.rest is not None and self.rest.left_seconds == 0:
            log.info("the pause is over")
            self.rest = None
        seen = self._fingerprint()
        if seen == self._seen:
            return None
        try:
            found = Control.read(self._root)
        except OSError as error:
            log.error("what this machine asks for cannot be read: %s", error)
            return None
        self._seen = seen
        self.rest = _rest(found.pause)
        return self._new_stop(found)

    def _fingerprint(self) -> object:
        try:
            found = (self._root / control.FILE).stat()
        except OSError:
            return ()
        # A file that is replaced is another file, even within one tick of the clock.
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _new_stop(self, found: Control) -> StopRequest | None:
        asked = found.stop
        if asked is None or asked.start_id != self.start_id or asked == self._obeyed:
            return None
        self._obeyed = asked
        return asked


def _rest(pause: Pause | None) -> Rest | None:
    """The wall clock is looked at once: set forward or back later, it moves no pause."""
    if pause is None:
        return None
    if pause.until is None:
        return Rest(note=pause.note, until=None)
    left = pause.until - time.time()
    return Rest(note=pause.note, until=boottime_seconds() + left) if left > 0 else None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
