"""What is wrong with a journal, and how much of it is still true.

A crash tears the end of a file: a record that is cut short, or zeros where it should be. Anything
else is damage. Records behind damage are found again by the word they begin with and proven by
their checksums; the events that are missing between them are counted, never guessed.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from agent.journal.records import HEADER_BYTES, MOST_BYTES, Record, events_payload, read_records

_FIRST_WORD = b'{"kind":"'
_OUTCOME = b'{"kind":"outcome"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`whole` bytes of `size` can be read before the first `gap`; `torn`: a crash explains it."""

    records: int
    whole: int
    size: int
    gaps: int
    torn: bool

    @property
    def damaged(self) -> bool:
        return self.gaps > 0 and not self.torn


def examine(path: Path) -> Condition:
    """Read all of *path* that can be read. Raises OSError."""
    size = path.stat().st_size
    records = gaps = whole = end = 0
    for record, behind_gap in pieces(path):
        records += 1
        gaps += behind_gap
        end = record.end
        whole = whole if gaps else end
    torn = gaps == 0 and end < size and _is_torn(path, end)
    return Condition(records=records, whole=whole, size=size, gaps=gaps + (end < size), torn=torn)


def pieces(path: Path) -> Iterator[tuple[Record, bool]]:
    """Every whole record of *path*, and whether something unreadable is before it."""
    start: int | None = 0
    behind_gap = False
    while start is not None:
        end = start
        for record in read_records(path, start=start):
            yield record, behind_gap
            end, behind_gap = record.end, False
        start, behind_gap = _next_record(path, end), True


def mended(path: Path) -> Iterator[bytes]:
    """The payloads of *path*, with a note in the place of every event that is missing between."""
    expected = 1
    for record, behind_gap in pieces(path):
        if record.holds_events:
            decoded = record.decode()
            first, events = decoded["first_index"], decoded["events"]
            yield from _notes(expected, first - expected)
            expected = first + len(events)
        elif behind_gap and record.payload.startswith(_OUTCOME):
            # How many are missing nobody knows; the server may have them.
            yield from _notes(expected, 1)
        else:
            grant = record.decode().get("grant", {})
            expected = grant.get("next_index", expected)
        yield record.payload


def _notes(first_index: int, count: int) -> Iterator[bytes]:
    if count < 1:
        return
    message = "an event is missing here: the robot's journal was damaged"
    data = {"level": "ERROR", "message": message, "node_id": None}
    note = {"type": "log", "timestamp": datetime.now(UTC).isoformat(), "data": data}
    yield events_payload(first_index, count, orjson.dumps([note] * count))


def _next_record(path: Path, start: int) -> int | None:
    """Where the first whole record behind *start* begins."""
    if path.stat().st_size <= start:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = content.find(_FIRST_WORD, start + 1)
        while found >= 0:
            begin = found - HEADER_BYTES
            if begin > start and any(True for _ in read_records(path, start=begin)):
                return begin
            found = content.find(_FIRST_WORD, found + 1)
    return None


def _is_torn(path: Path, start: int) -> bool:
    """Whether a crash while writing explains what is from *start* to the end of the file."""
    with path.open("rb") as file:
        file.seek(start)
        rest = file.read()
    return len(rest) < HEADER_BYTES or not any(rest) or _is_cut_short(rest)


def _is_cut_short(rest: bytes) -> bool:
    length, payload = int.from_bytes(rest[:4], "little"), rest[HEADER_BYTES:]
    if not len(payload) < length <= MOST_BYTES:
        return False
    begins_well = payload[: len(_FIRST_WORD)] == _FIRST_WORD[: len(payload)]
    return begins_well and not _is_json(payload)


def _is_json(payload: bytes) -> bool:
    """Whether it is whole, so that only its length can be wrong."""
    try:
        orjson.loads(payload)
    except ValueError:
        return False
    return True
