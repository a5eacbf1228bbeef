"""Asks for jobs, one long poll at a time, whenever the robot can take one."""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from agent.machine.disk import Reserve
from agent.machine.folders import Folders
from agent.roster import Roster
from agent.uplink.backoff import Backoff
from casare_rpa import faults
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, Forbidden, LeaseLost, Unauthenticated
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


class Taken(Enum):
    """What became of a grant on this machine."""

    BEGUN = auto()
    #: Given back, because the robot is stopping or paused; or it is here already.
    UNWANTED = auto()
    #: Given back, because the job could not be begun.
    LACKING = auto()


class Claims:
    """`run` is the body of its own thread.

    `take` gets each grant, its slot already taken, and says what became of it. After *most_jobs*
    that were begun it asks no more.
    """

    def __init__(
        self,
        client: OrchestratorClient,
        *,
        settings: Settings,
        folders: Folders,
        roster: Roster,
        reserve: Reserve,
        take: Callable[[Json], Taken],
        key_refused: Callable[[CasareError], None],
        most_jobs: int | None = None,
    ) -> None:
        self._client = client
        self._settings = settings
        self._folders = folders
        self._roster = roster
        self._reserve = reserve
        self._take = take
        self._key_refused = key_refused
        self._jobs_left = most_jobs
        self._stop = threading.Event()
        self._hint = threading.Event()
        self._resting: dict[str, str] = {}
        #: What this machine has too little of to take a job; empty when it has enough.
        self.lacking = ""
        self._claim_id = _new_claim_id()
        self._backoff = self._new_backoff()
        self._unbegun = self._new_backoff()

    def _new_backoff(self) -> Backoff:
        return Backoff(
            self._stop.wait,
            first_seconds=self._settings.retry_delay_seconds,
            most_seconds=self._settings.retry_delay_max_seconds,
        )

    def stop(self) -> None:
        """Ask no more; the call under way ends when the server answers it."""
        self._stop.set()
        self._hint.set()

    def rest(self, who: str, why: str | None) -> None:
        """*who* wants no jobs taken for now, because *why*; None: no longer."""
        before = self._resting
        after = {name: text for name, text in before.items() if name != who}
        if why is not None:
            after[who] = why
        self._resting = after
        if after and after != before:
            log.info("no jobs for now: %s", self.why_resting)
        if before and not after:
            log.info("taking jobs")
            self._hint.set()

    @property
    def why_resting(self) -> str:
        """Why no jobs are asked for; empty when they are."""
        return "; ".join(self._resting.values())

    def wake(self) -> None:
        """There may be a job."""
        self._hint.set()

    def run(self) -> None:
        while not self._stop.is_set():
            if self._resting or not self._has_room():
                self._rest(_LOOK_SECONDS)
            elif self._roster.take_slot(_LOOK_SECONDS):
                self._fill_slot()

    def _fill_slot(self) -> None:
        grant = None if self._stop.is_set() else self._ask()
        if grant is None:
            self._roster.free_slot()
            return
        faults.point("granted", "claim")
        match self._take(grant):
            case Taken.BEGUN:
                self._unbegun.reset()
                self._count()
            case Taken.LACKING:
                # What is lacking now is lacking still in a moment; another robot may have it.
                self._unbegun.wait()
            case Taken.UNWANTED:
                pass

    def _count(self) -> None:
        if self._jobs_left is not None:
            self._jobs_left -= 1
            if self._jobs_left <= 0:
                self.stop()

    def _ask(self) -> Json | None:
        """A grant, or None; after a failure it has waited a while."""
        asked_at = time.monotonic()
        try:
            grant = self._client.claim(self._request())
        except LeaseLost:
            # The grant that this id stands for came and went without us.
            self._claim_id = _new_claim_id()
            return None
        except (Unauthenticated, Forbidden) as error:
            self._key_refused(error)
            self._stop.set()
            return None
        except CasareError as error:
            self._failed(error)
            return None
        self._backoff.reset()
        self._claim_id = _new_claim_id()
        if grant is None and time.monotonic() - asked_at < _LOOK_SECONDS:
            # The server did not want us to wait there: it is stopping, or this robot is paused.
            self._rest(self._settings.retry_delay_seconds * random.uniform(0.5, 1))
        return grant

    def _request(self) -> Json:
        """The id stays the same until an answer arrives: then a lost answer costs nothing."""
        return {"claim_id": self._claim_id, "wait_seconds": self._settings.poll_wait_seconds}

    def _failed(self, error: CasareError) -> None:
        if self._backoff.failures == 0:
            log.warning("no job could be asked for: %s", error)
        self._backoff.wait(error)

    def _has_room(self) -> bool:
        """Whether the disk has the room that a job may need; says so once when that changes."""
        lacking = self._lack_of_room()
        if lacking and lacking != self.lacking:
            log.error("no jobs are claimed: %s (%s)", lacking, self._folders.root)
        if self.lacking and not lacking:
            log.info("the disk has room again")
        self.lacking = lacking
        if not lacking:
            self._reserve.hold()
        return not lacking

    def _lack_of_room(self) -> str:
        try:
            free = self._folders.free_bytes()
        except OSError as error:
            return f"the room on the disk cannot be read: {error.strerror or error}"
        full = free < self._settings.min_free_bytes
        floor = self._settings.min_free_bytes >> 20
        return f"less than {floor} MiB are free on the disk" if full else ""

    def _rest(self, seconds: float) -> None:
        if not self._stop.is_set():
            self._hint.clear()
            self._hint.wait(seconds)


def _new_claim_id() -> str:
    return secrets.token_urlsafe(24)
