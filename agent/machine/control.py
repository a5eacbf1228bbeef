"""What the owner of a machine asks of its agent: one small file in the state folder.

It works without the orchestrator and while no agent runs: a pause waits there for the next start.
A request to stop names the start of the agent that it is meant for, and so never stops a later one.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from filelock import FileLock

from casare_rpa.private_files import write_whole

FILE = "control.json"
#: A drain without a limit.
AS_LONG_AS_IT_TAKES = 100 * 365 * 86400.0
LONGEST_NOTE = 500
_LOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """`until` is in seconds since 1970, None without an end: it must hold over a reboot."""

    note: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequest:
    """`drain_seconds` is the time that running jobs get; None is the agent's own setting."""

    start_id: str
    drain_seconds: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    pause: Pause | None = None
    stop: StopRequest | None = None

    @classmethod
    def read(cls, root: Path) -> Self:
        """What is asked for now; nothing when there is no file. Raises OSError.

        A file that makes no sense counts as a pause that says so: a robot that rests is noticed
        and costs less than one that works against the wish of its machine's owner.
        """
        try:
            return cls.parse((root / FILE).read_bytes())
        except FileNotFoundError:
            return cls()
        except ValueError as error:
            note = f"{FILE} cannot be read ({error}); casare-rpa agent resume replaces it"
            return cls(pause=Pause(note=note[:LONGEST_NOTE]))

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises ValueError. Unknown members are ignored."""
        found = _object(json.loads(content))
        pause, stop = found.get("pause"), found.get("stop")
        return cls(
            pause=None if pause is None else _pause(_object(pause)),
            stop=None if stop is None else _stop(_object(stop)),
        )


def change(root: Path, alter: Callable[[Control], Control]) -> Control:
    """Replace what is asked for by what *alter* makes of it. Raises OSError."""
    with FileLock(root / "control.lock", mode=0o600, timeout=_LOCK_SECONDS):
        wanted = alter(Control.read(root))
        write_whole(root / FILE, json.dumps(asdict(wanted), indent=2).encode())
    return wanted


def pause(root: Path, asked: Pause | None) -> None:
    """Ask for *asked*, or for no pause any more."""
    change(root, lambda now: replace(now, pause=asked))


def stop(root: Path, asked: StopRequest) -> None:
    change(root, lambda now: replace(now, stop=asked))


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("an object is wanted")
    return value


def _pause(found: dict[str, Any]) -> Pause:
    until = found.get("until")
    return Pause(note=_note(found), until=None if until is None else _number(until))


def _stop(found: dict[str, Any]) -> StopRequest:
    seconds = found.get("drain_seconds")
    return StopRequest(
        start_id=str(found.get("start_id", "")),
        drain_seconds=None if seconds is None else _number(seconds),
        note=_note(found),
    )


def _note(found: dict[str, Any]) -> str:
    return str(found.get("note") or "")[:LONGEST_NOTE]


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number is wanted")
    return float(value)
