"""What the agent's main thread can be told by its signals and its other threads.

As text each says why the agent stops, where it does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from casare_rpa.errors import CasareError


@dataclass(frozen=True, slots=True)
class Signalled:
    number: int

    def __str__(self) -> str:
        return f"signal {self.number}"


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """`claims_only`: jobs under way may be brought to their end (the key has expired)."""

    error: CasareError
    claims_only: bool

    def __str__(self) -> str:
        return f"the key is refused: {self.error}"


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer start of this robot speaks for it."""

    error: CasareError

    def __str__(self) -> str:
        return f"another start of the robot took over: {self.error}"


@dataclass(frozen=True, slots=True)
class Delivered:
    """An attempt is over; `reported` says how: a job's status, "lost" or "released: ..."."""

    reported: str | None


@dataclass(frozen=True, slots=True)
class ThreadDied:
    name: str

    def __str__(self) -> str:
        return f"the {self.name} loop failed"


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The machine's owner wants the agent to end; None: with the time that the settings give."""

    drain_seconds: float | None
    note: str = ""

    def __str__(self) -> str:
        return f"asked for on this machine{f': {self.note}' if self.note else ''}"


Command: TypeAlias = Signalled | StopAsked | KeyRefused | Superseded | Delivered | ThreadDied
