"""The last part of the agent's life: no new jobs, time for the running ones, then good-bye.

The first request to stop begins it, a second signal ends the waiting. Renewals and uploads go on
until there is nothing left but the good-bye.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from agent import exit_codes
from agent.attempt import Stop
from agent.commands import Command, KeyRefused, Signalled, StopAsked, Superseded
from agent.roster import Roster
from agent.uplink.identity import Identity
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
_POLL_END_SECONDS = 2.0
_TELL_SECONDS = 2.0
_DELIVERY_SECONDS = 10.0
_HURRIED_DELIVERY_SECONDS = 2.0


@dataclass(slots=True, kw_only=True)
class Stopping:
    """`drain_seconds` is how long running jobs may go on; `tend` is called again and again."""

    identity: Identity
    client: OrchestratorClient
    roster: Roster
    commands: queue.SimpleQueue[Command]
    claiming: threading.Thread
    beating: threading.Thread
    #: Ends the renewals.
    hush: Callable[[], None]
    drain_seconds: float
    cancel_grace_seconds: float
    note: str
    tend: Callable[[], None]
    #: A newer start speaks for the robot: what becomes of it is no longer ours to say.
    superseded: bool = False
    _deadline: float = 0.0
    _interrupted: int | None = None

    def run(self, code: int) -> int:
        """The exit code: *code*, or that of the signal which ended the waiting."""
        self._deadline = time.monotonic() + self.drain_seconds
        told = self._tell({"draining": True, "drain_seconds": self._told_seconds(), **self._note()})
        # A draining robot's long poll is answered at once; what it may bring is given back.
        self._wait(lambda: not (told.is_alive() or self.claiming.is_alive()), _POLL_END_SECONDS)
        self._let_jobs_end()
        self._give_the_rest_back()
        patience = _DELIVERY_SECONDS if self._interrupted is None else _HURRIED_DELIVERY_SECONDS
        if not self._wait(lambda: not self.roster.all(), patience):
            log.warning("%d journals are kept for the next start", len(self.roster.all()))
        # A renewal that arrives after the good-bye would bring the robot back.
        self.hush()
        self._wait(lambda: not self.beating.is_alive(), _TELL_SECONDS)
        told = self._tell({"status": "offline"})
        self._wait(lambda: not told.is_alive(), _TELL_SECONDS)
        return code if self._interrupted is None else exit_codes.of_signal(self._interrupted)

    def _let_jobs_end(self) -> None:
        while self.roster.running_count() and self._interrupted is None:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return
            self._look(left)

    def _give_the_rest_back(self) -> None:
        running = self.roster.running()
        if not running:
            return
        log.warning("%d running jobs are stopped and given back", len(running))
        for attempt in running:
            attempt.ask_stop(Stop.DRAIN)
        steps = 3 * self.cancel_grace_seconds + _DELIVERY_SECONDS
        until = time.monotonic() + steps
        # No signal shortens this but the third, which ends the process.
        while self.roster.running_count() and time.monotonic() < until:
            self._look(until - time.monotonic())

    def _wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Whether *condition* came true within *seconds*, shortened by a second signal."""
        until = time.monotonic() + seconds
        while not condition():
            if self._interrupted is not None:
                until = min(until, time.monotonic() + _HURRIED_DELIVERY_SECONDS)
            left = until - time.monotonic()
            if left <= 0:
                return False
            self._look(left)
        return True

    def _look(self, left_seconds: float) -> None:
        """Pass a moment; heed what comes in it."""
        self.tend()
        try:
            command = self.commands.get(timeout=min(_LOOK_SECONDS, left_seconds))
        except queue.Empty:
            return
        match command:
            case Signalled(number):
                self._interrupted = self._interrupted or number
            case StopAsked(seconds) if seconds is not None:
                self._deadline = min(self._deadline, time.monotonic() + seconds)
            case KeyRefused(_, False):
                self._stop_jobs(Stop.REFUSED)
            case Superseded():
                self.superseded = True
                self._stop_jobs(Stop.DRAIN)

    def _stop_jobs(self, reason: Stop) -> None:
        for attempt in self.roster.running():
            attempt.ask_stop(reason)

    # telling the orchestrator, which may be slow or away: nobody waits long for it

    def _told_seconds(self) -> float | None:
        """None where there is no limit worth telling."""
        return self.drain_seconds if self.drain_seconds <= 366 * 86400 else None

    def _note(self) -> Json:
        return {"note": self.note} if self.note else {}

    def _tell(self, change: Json) -> threading.Thread:
        thread = threading.Thread(target=self._send, args=(change,), name="farewell", daemon=True)
        thread.start()
        return thread

    def _send(self, change: Json) -> None:
        if self.superseded:
            return
        told = {**change, "boot_id": self.identity.boot_id}
        try:
            self.client.set_robot_status(self.identity.robot_id, told)
        except CasareError as error:
            what = "draining" if change.get("draining") else change["status"]
            log.warning("the orchestrator was not told that this robot is %s: %s", what, error)
