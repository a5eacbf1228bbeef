"""What the main thread does about every second, whatever it waits for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from agent.attempt import Attempt, Stop
from agent.commands import Command, StopAsked
from agent.machine.console import Console, Rest
from agent.roster import Roster
from agent.uplink.claims import Claims
from agent.uplink.heartbeat import Heartbeat
from agent.uplink.keys import RobotKey
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.domain.json_values import Json

#: Longer than anything that the main thread does between two looks while it stops.
_STOP_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """`drain_by` is set by the heartbeat: the boot time by which a drain has to be over."""

    robot_id: str
    key: RobotKey
    console: Console
    roster: Roster
    claims: Claims
    heartbeat: Heartbeat
    tell: Callable[[Command], None]
    drain_by: float | None = None
    #: Why the agent is ending; empty while it is not.
    stopping: str = ""
    _rest: Rest | None = None
    #: What the orchestrator was told last of a disk without room.
    _lacking: str = ""

    def tend(self) -> None:
        """Heed the machine's owner and the orchestrator's deadline, show how things are."""
        asked = self.console.tend(self._status)
        if asked is not None:
            self.tell(StopAsked(asked.drain_seconds, asked.note))
        self._follow_pause()
        self._follow_room()
        self.key.tend()
        if self.drain_by is not None and boottime_seconds() >= self.drain_by:
            for attempt in self.roster.running():
                attempt.ask_stop(Stop.DRAIN)
        if self.heartbeat.renewing:
            self.console.feed_watchdog()
        if self.stopping:
            self.console.needs_time(_STOP_SECONDS)

    def drained_seconds(self) -> float | None:
        """What the orchestrator's deadline leaves to running jobs."""
        return None if self.drain_by is None else max(0.0, self.drain_by - boottime_seconds())

    def _follow_pause(self) -> None:
        if self.console.rest == self._rest:
            return
        self._rest = self.console.rest
        self.claims.rest("machine", self._why_paused())
        self.heartbeat.wake()

    def _follow_room(self) -> None:
        """Let the orchestrator know at once whether this machine has room for a job."""
        if self.claims.lacking != self._lacking:
            self._lacking = self.claims.lacking
            self.heartbeat.wake()

    def _why_paused(self) -> str | None:
        if self._rest is None:
            return None
        return f"paused at this machine{f': {self._rest.note}' if self._rest.note else ''}"

    def said(self) -> Json:
        """What the orchestrator is told of what keeps this machine from taking jobs."""
        room = {"no_room": self.claims.lacking or None}
        rest = self.console.rest
        if rest is None:
            return {"paused": False, **room}
        return {
            **room,
            "paused": True,
            "paused_note": rest.note or None,
            "resume_after_seconds": rest.left_seconds,
        }

    def _status(self) -> Json:
        attempts = self.roster.all()
        why = self.stopping or self.claims.why_resting or self.claims.lacking
        return {
            "robot_id": self.robot_id,
            "state": "draining" if self.stopping else "resting" if why else "working",
            "why": why,
            "reachable": self.heartbeat.reachable,
            "reachable_changed_at": self.heartbeat.since.isoformat(timespec="seconds"),
            "renewing": self.heartbeat.renewing,
            "jobs": [_job(attempt) for attempt in attempts if not attempt.ended.is_set()],
            "undelivered": sum(attempt.ended.is_set() for attempt in attempts),
        }


def _job(attempt: Attempt) -> Json:
    grant = attempt.grant
    return {
        "job_id": grant.job_id,
        "attempt": grant.attempt,
        "workflow": grant.workflow_name or grant.workflow_id,
        "stopping": None if attempt.stop is None else str(attempt.stop),
    }
