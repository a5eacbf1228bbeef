"""Renews all leases in one call, for as long as there is anything to renew: the last to stop."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil

from agent.attempt import TRUSTED, Attempt, Stop
from agent.machine.folders import Folders
from agent.roster import Roster
from agent.uplink.backoff import Backoff
from agent.uplink.identity import Identity, registration
from casare_rpa import faults
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.client import OrchestratorClient
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import (
    CasareError,
    Conflict,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unreachable,
)
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 5.0
_SPREAD = 0.2
#: What leases last before an orchestrator has said it.
USUAL_LEASE_SECONDS = 60.0
_NEEDED = frozenset({"lease_seconds", "renew_after_seconds", "cancel", "lost", "drain"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions:
    """What the agent does about an answer."""

    #: Whether the robot is drained or paused, and by when (boot time) a drain has to be over.
    rest: Callable[[str | None, float | None], None]
    key_refused: Callable[[CasareError], None]
    superseded: Callable[[CasareError], None]
    #: Calls begin to fail (with the first error) or to succeed again, after so many seconds.
    contact: Callable[[CasareError | None, float], None] = lambda error, seconds: None
    #: Leases are trusted until then (boot time), whether or not there is one.
    trust: Callable[[float], None] = lambda until: None


class Heartbeat:
    """`run` is the body of its own thread; it has a client of its own."""

    def __init__(
        self,
        client: OrchestratorClient,
        *,
        identity: Identity,
        settings: Settings,
        folders: Folders,
        roster: Roster,
        reactions: Reactions,
        say: Callable[[], Json],
    ) -> None:
        self._client = client
        self._identity = identity
        self._settings = settings
        self._folders = folders
        self._roster = roster
        self._reactions = reactions
        self._say = say
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._pause = _FIRST_PAUSE_SECONDS
        #: Boot time of the sending of the last call that succeeded.
        self.contact_at: float | None = None
        #: When calls began to succeed, or to fail.
        self.reachable = True
        self.since = datetime.now(UTC)
        self._changed_at = boottime_seconds()
        self.lease_seconds = USUAL_LEASE_SECONDS
        self._backoff = Backoff(self._stop.wait, first_seconds=0.2, most_seconds=self._pause)

    def wake(self) -> None:
        """Beat now: there is a new lease, or a hint that the answer has news."""
        self._wake.set()

    def stop(self) -> None:
        self._stop.set()
        self._wake.set()

    def run(self) -> None:
        self._figures()  # what the processor did is counted from here on
        while not self._stop.is_set():
            self._wake.clear()
            self._wake.wait(self._beat())

    def _beat(self) -> float:
        """One call; how long to wait before the next."""
        held = self._roster.leased()
        sent_at = boottime_seconds()
        faults.point("send", "renew")
        try:
            reply = _renewal(self._client.heartbeat(self._identity.robot_id, self._report(held)))
        except CasareError as error:
            return self._failed(error, held)
        faults.point("sent", "renew")
        if self._backoff.failures:
            log.info("the orchestrator answers again")
        self._backoff.reset()
        self.contact_at = sent_at
        self._note_contact(None)
        self._take_in(reply, held, sent_at)
        return self._pause * random.uniform(1 - _SPREAD, 1 + _SPREAD)

    def _report(self, held: list[Attempt]) -> Json:
        return {
            "leases": [{"job_id": a.grant.job_id, **a.grant.proof} for a in held],
            "boot_id": self._identity.boot_id,
            "current_job_count": self._roster.running_count(),
            "max_concurrent_jobs": self._settings.max_concurrent_jobs,
            **self._say(),
            **self._figures(),
        }

    def _note_contact(self, error: CasareError | None) -> None:
        reachable, now = error is None, boottime_seconds()
        if reachable != self.reachable:
            self.reachable, self.since = reachable, datetime.now(UTC)
            self._reactions.contact(error, now - self._changed_at)
            self._changed_at = now

    @property
    def renewing(self) -> bool:
        """Whether a call succeeded within the last lease time."""
        at = self.contact_at
        return at is not None and boottime_seconds() - at <= self.lease_seconds

    def _figures(self) -> Json:
        """Those that can be had: no lease is lost for want of a figure."""
        figures: Json = {}
        for look in (_processor, _memory, self._disk):
            try:
                figures |= look()
            except (OSError, psutil.Error):
                log.debug("a figure of this machine is unknown", exc_info=True)
        return figures

    def _disk(self) -> Json:
        return {"disk_free_gb": round(self._folders.free_bytes() / 2**30, 3)}

    def _take_in(self, reply: Json, held: list[Attempt], sent_at: float) -> None:
        lost, cancel = set(reply["lost"]), set(reply["cancel"])
        for attempt in held:
            if attempt.grant.job_id in lost:
                attempt.ask_stop(Stop.LOST)
                continue
            attempt.renewed(sent_at, reply["lease_seconds"])
            if attempt.grant.job_id in cancel:
                attempt.ask_stop(Stop.CANCEL)
        self._pause = float(reply["renew_after_seconds"])
        self.lease_seconds = float(reply["lease_seconds"])
        self._reactions.trust(sent_at + TRUSTED * self.lease_seconds)
        self._reactions.rest(*_rest(reply, sent_at))

    def _failed(self, error: CasareError, held: list[Attempt]) -> float:
        if self._backoff.failures == 0:
            log.warning("heartbeat failed: %s", error)
        self._note_contact(error)
        wait = self._backoff.next_seconds(error)
        match error:
            case Unauthenticated() | Forbidden():
                self._reactions.key_refused(error)
            case NotFound():
                self._register_again()
            case Conflict():
                self._reactions.superseded(error)
        # Leases are at stake: never wait longer than an ordinary pause between renewals.
        return min(wait, self._pause, *(a.grant.renew_after_seconds for a in held))

    def _register_again(self) -> None:
        try:
            self._client.register(registration(self._identity, self._settings))
        except CasareError as error:
            log.warning("the robot could not be registered again: %s", error)


def _renewal(reply: Json) -> Json:
    """*reply*. Raises Unreachable when it is none: a proxy may answer with JSON of its own."""
    if isinstance(reply, dict) and reply.keys() >= _NEEDED:
        return reply
    raise Unreachable("what answers here is no orchestrator, or a proxy before it")


def _processor() -> Json:
    """How busy it was since the call before."""
    faults.point("look", "processor")
    return {"cpu_percent": psutil.cpu_percent(None)}


def _memory() -> Json:
    memory = psutil.virtual_memory()
    return {"memory_percent": memory.percent, "memory_mb": round(memory.used / 2**20, 1)}


def _rest(reply: Json, sent_at: float) -> tuple[str | None, float | None]:
    """Why the orchestrator hands out no jobs, and the boot time by which running ones must end.

    Counted from the sending of the question, so that the time on the way only makes it earlier.
    """
    if reply["drain"]:
        left = reply.get("drain_seconds")
        return "drained by the orchestrator", None if left is None else sent_at + float(left)
    return ("paused by the orchestrator" if reply.get("paused") else None), None
