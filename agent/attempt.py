"""One attempt at a job: what its supervisor, its uploader and the heartbeat share."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from multiprocessing import Pipe
from typing import Self

from agent.journal.file import Journal
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.domain.json_values import Json

#: The part of a lease that is trusted, counted from the sending of the renewal.
TRUSTED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the agent uses of the wire's Grant; `token` proves the attempt in every call."""

    job_id: str
    attempt: int
    lease_token: str
    workflow_id: str = ""
    workflow_name: str = ""
    workflow_json: str = ""
    variables: Json = field(default_factory=dict)
    timeout_seconds: float
    renew_after_seconds: float = 20.0
    next_index: int = 1
    start: Json | None = None

    @classmethod
    def parse(cls, raw: Json) -> Self:
        """Unknown members of *raw* are ignored."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in raw.items() if name in known})

    def for_journal(self, robot_id: str) -> Json:
        """What a later start of the same robot needs to speak for the attempt.

        Not the input, which may be secret.
        """
        members = asdict(self)
        del members["workflow_json"], members["variables"], members["start"]
        return {**members, "robot_id": robot_id}

    @property
    def proof(self) -> Json:
        return {"attempt": self.attempt, "lease_token": self.lease_token}

    def precedes(self, other: Grant) -> bool:
        """Whether *other* is of a later attempt at the same job."""
        return self.job_id == other.job_id and self.attempt < other.attempt

    def __str__(self) -> str:
        return f"job {self.job_id} attempt {self.attempt}"


class Stop(StrEnum):
    """Why a job's process has to end before its time."""

    CANCEL = "cancel"  # a person asked
    TIMEOUT = "timeout"  # the job's own limit
    DRAIN = "drain"  # the agent stops
    DISK_FULL = "disk_full"  # its events find no room
    OUT_OF_MEMORY = "out_of_memory"  # it takes more than the robot gives it
    TOO_MANY_PROCESSES = "too_many_processes"  # the same
    EXPIRED = "expired"  # the lease cannot be trusted any more
    LOST = "lost"  # the job is somebody else's
    REFUSED = "refused"  # the robot's key is no longer valid

    @property
    def at_once(self) -> bool:
        """Whether there is no time to ask first."""
        return self not in (Stop.CANCEL, Stop.TIMEOUT, Stop.DRAIN)


class Attempt:
    """Safe to use from any thread."""

    def __init__(self, grant: Grant, journal: Journal) -> None:
        self.grant = grant
        self.journal = journal
        #: Set when the attempt needs no lease any more: acknowledged, or lost.
        self.over = threading.Event()
        #: Set when the job's process is gone.
        self.ended = threading.Event()
        #: How the process ended, as a record of the journal; None until `ended`.
        self.ending: Json | None = None
        #: The status that the orchestrator was told, for `--once`.
        self.reported: str | None = None
        self.acknowledged_bytes = 0
        self._stop: Stop | None = None
        self._safe_until: float | None = None
        self._changed = threading.Condition()
        self._woken = False
        self.wakeup, self._waker = Pipe(duplex=False)

    # the lease

    def renewed(self, sent_at: float, lease_seconds: float) -> None:
        """A renewal sent at *sent_at* (boot time) succeeded."""
        self._safe_until = sent_at + TRUSTED * lease_seconds
        self.wake()

    @property
    def safe_until(self) -> float | None:
        """Until when (boot time) the job is surely ours; None before the first renewal."""
        return self._safe_until

    @property
    def expired(self) -> bool:
        return self._safe_until is not None and boottime_seconds() >= self._safe_until

    # stopping

    @property
    def stop(self) -> Stop | None:
        return self._stop

    def ask_stop(self, reason: Stop) -> None:
        """End the process. The first reason stays, unless a later one allows no delay."""
        with self._changed:
            if self._stop is None or (reason.at_once and not self._stop.at_once):
                self._stop = reason
        self.wake()

    # waking the two threads of an attempt

    def wake(self) -> None:
        """Let the supervisor look again."""
        with self._changed:
            if not self._woken and not self.over.is_set():
                self._woken = True
                self._waker.send_bytes(b"!")

    def slept(self) -> None:
        """The supervisor has seen the wake-up."""
        with self._changed:
            if self._woken:
                self._woken = False
                self.wakeup.recv_bytes()

    def tell_uploader(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for_more(self, known_size: int, timeout_seconds: float) -> None:
        """Wait until the journal is longer than *known_size* or the process has ended."""
        with self._changed:
            self._changed.wait_for(
                lambda: self.journal.size > known_size or self.ended.is_set(), timeout_seconds
            )

    def end(self, ending: Json) -> None:
        """The process is gone and *ending* is in the journal (or known to be lost)."""
        self.ending = ending
        self.ended.set()
        self.tell_uploader()

    def close(self) -> None:
        """Let go of files and pipes; the journal stays where it is."""
        with self._changed:
            self.over.set()
            self.journal.close()
            self.wakeup.close()
            self._waker.close()
