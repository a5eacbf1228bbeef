"""What the journals on this machine hold, without changing any: also while the agent is at work."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from agent.journal.damage import pieces
from agent.journal.file import SUFFIX
from agent.machine.folders import Folders
from agent.machine.lock import holder_of
from agent.uplink.lost import DAMAGED, SENT
from casare_rpa.domain.json_values import Json

#: What is told of a grant: its token stays in the journal.
_SHOWN = ("job_id", "attempt", "robot_id", "workflow_id", "workflow_name")


@dataclass(slots=True, kw_only=True)
class Contents:
    """One journal, as far as it can be read; `last` are its last events with their indexes."""

    grant: Json = field(default_factory=dict)
    process: Json | None = None
    outcome: Json | None = None
    events: int = 0
    first_index: int | None = None
    last: deque[Json] = field(default_factory=deque)
    unreadable_bytes: int = 0


def journals(folders: Folders) -> Iterator[Json]:
    """A summary of each journal, the oldest first; a journal that goes meanwhile is left out."""
    paths = [*folders.journal.glob(f"*{SUFFIX}"), *folders.lost.glob("*")]
    for path in sorted(paths, key=_age):
        with contextlib.suppress(FileNotFoundError):
            yield summary(path, folders)


def summary(path: Path, folders: Folders) -> Json:
    """What one journal is about: its attempt, its events, how it ended and what comes next."""
    about = path.stat()
    try:
        contents = read(path, most_events=0)
    except PermissionError:
        return _told(path, "unreadable", about.st_size, about.st_mtime, Contents())
    state = _state(path, contents, folders)
    return _told(path, state, about.st_size, about.st_mtime, contents)


def read(path: Path, *, most_events: int | None) -> Contents:
    """All of *path* that can be read; of its events the last *most_events*. Raises OSError."""
    found = Contents(last=deque(maxlen=most_events))
    end = 0
    for record, behind_gap in pieces(path):
        decoded = record.decode()
        if behind_gap:
            found.unreadable_bytes += record.start - end
        end = record.end
        _take_in(found, decoded if isinstance(decoded, dict) else {})
    found.unreadable_bytes += path.stat().st_size - end
    return found


def _take_in(found: Contents, record: Json) -> None:
    match record.get("kind"):
        case "grant" if isinstance(record.get("grant"), dict):
            found.grant = record["grant"]
        case "process":
            found.process = record
        case "events":
            first = record["first_index"]
            found.first_index = found.first_index or first
            found.events += len(record["events"])
            found.last += [{"index": n, **e} for n, e in enumerate(record["events"], first)]
        case "outcome":
            found.outcome = record


def _told(path: Path, state: str, size: int, modified: float, contents: Contents) -> Json:
    return {
        "name": path.stem,
        **{name: contents.grant.get(name) for name in _SHOWN},
        "state": state,
        "events": contents.events,
        "first_index": contents.first_index,
        "ending": _ending(contents.outcome),
        "bytes": size,
        "unreadable_bytes": contents.unreadable_bytes,
        "modified": datetime.fromtimestamp(modified, UTC).isoformat(),
        "file": str(path),
    }


def _state(path: Path, contents: Contents, folders: Folders) -> str:
    if path.suffix == DAMAGED:
        return "damaged"
    if path.parent == folders.lost:
        return "told" if path.suffix == SENT else "lost"
    if contents.outcome is not None:
        return "waiting"
    if holder_of(folders.root) is not None:
        return "running"
    return "interrupted" if contents.grant else "damaged"


def _ending(outcome: Json | None) -> str | None:
    """The status it ended with, or that it was given back."""
    if outcome is None:
        return None
    finish = outcome.get("finish")
    return str(finish.get("status")) if isinstance(finish, dict) else "released"


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def find(folders: Folders, word: str) -> Path | None:
    """The journal that is called *word*: a name of `journals`, or a job's id (its last attempt)."""
    paths = [*folders.journal.glob(f"*{SUFFIX}"), *folders.lost.glob("*")]
    named = [path for path in paths if word in (path.stem, path.name)]
    of_job = [path for path in paths if path.stem.rpartition("-")[0] == word]
    return next(iter(named or sorted(of_job, key=_age, reverse=True)), None)
