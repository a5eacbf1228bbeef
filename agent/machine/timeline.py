"""What happened to the agent on this machine, as it was seen here: lines of JSON in two files.

It needs no orchestrator and outlives the agent, however that ends. A line is with the system when
`note` returns and is not synced: a kill -9 loses nothing, a power cut may lose the last seconds.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from agent.machine.disk import O_BINARY
from casare_rpa.domain.json_values import Json

log = logging.getLogger(__name__)

FILE = "timeline.jsonl"
OLD_FILE = "timeline.old.jsonl"
#: Of each file; some ten thousand entries.
MOST_BYTES = 2 << 20
_LONGEST_TEXT = 500
ENDED = "agent.ended"
JUMPED = "clock.jumped"


class Timeline:
    """Safe to use from any thread of the one agent that holds the folder *root*.

    A disk that takes no entry costs the entry and nothing else.
    """

    def __init__(self, root: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._path = root / FILE
        self._old = root / OLD_FILE
        self._most_bytes = most_bytes
        self._lock = threading.Lock()

    def note(self, what: str, text: str, **details: Any) -> None:
        """*what* happened now, told by *text*; *details* are further members of its entry."""
        entry = {"at": _now(), "what": what, "text": text[:_LONGEST_TEXT], **details}
        with self._lock:
            try:
                self._append(orjson.dumps(entry, default=str) + b"\n")
            except OSError as error:
                log.debug("the timeline cannot be written: %s", error)

    def began(self, text: str, **details: Any) -> None:
        """A start of the agent; tells first of an earlier one that did not come to its end."""
        try:
            last = next(reversed(_all(self._path.parent)), None)
        except OSError as error:
            log.warning("the timeline of earlier starts cannot be read: %s", error)
            last = None
        if last is not None and last["what"] != ENDED:
            self.note(
                "agent.died",
                f"the start before ended without a word; it was last heard of at {last['at']}",
                last_heard_at=last["at"],
            )
        self.note("agent.started", text, **details)

    def _append(self, line: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(line) > self._most_bytes:
            self._path.replace(self._old)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | O_BINARY, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if os.write(descriptor, line) < len(line):
                # A full disk took a part: the next line must not be glued to it.
                os.ftruncate(descriptor, size)
        finally:
            os.close(descriptor)


def entries(root: Path, *, since: timedelta | None = None) -> list[Json]:
    """What is written down in the folder *root*, in the order in which it happened.

    With *since* the entries of that last time. Steps of the clock in between are counted in: what
    happened before a clock was set forward is no older for that.
    """
    found = _all(root)
    if since is None:
        return found
    oldest, shift = datetime.now(UTC) - since, timedelta(0)
    kept: list[Json] = []
    for entry in reversed(found):
        if datetime.fromisoformat(entry["at"]) + shift < oldest:
            break
        kept.append(entry)
        if entry["what"] == JUMPED:
            shift += timedelta(seconds=float(entry.get("seconds") or 0))
    return kept[::-1]


def _all(root: Path) -> list[Json]:
    """Both files as they were at one moment: the agent may begin a new one meanwhile."""
    while True:
        before = _identity(root / OLD_FILE)
        found = [*_entries(root / OLD_FILE), *_entries(root / FILE)]
        if _identity(root / OLD_FILE) == before:
            return found


def _identity(path: Path) -> object:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _entries(path: Path) -> Iterator[Json]:
    """The entries of one file; a line that makes no sense is passed over."""
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = orjson.loads(line)
            datetime.fromisoformat(entry["at"]).astimezone(UTC)
            entry["what"], entry["text"]
        except (ValueError, KeyError, TypeError):
            continue
        yield entry


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
