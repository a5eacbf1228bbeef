"""What the agent's main thread can be told by its signals and its other threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from casare_rpa.errors import CasareError


@dataclass(frozen=True, slots=True)
class Signalled:
    number: int


@dataclass(frozen=True, slots=True)
class KeyRefused:
    """`claims_only`: jobs under way may be brought to their end (the key has expired)."""

    error: CasareError
    claims_only: bool


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer start of this robot speaks for it."""

    error: CasareError


@dataclass(frozen=True, slots=True)
class Delivered:
    """An attempt is over; `reported` says how: a job's status, "lost" or "released: ..."."""

    reported: str | None


@dataclass(frozen=True, slots=True)
class ThreadDied:
    name: str


Command: TypeAlias = Signalled | KeyRefused | Superseded | Delivered | ThreadDied
