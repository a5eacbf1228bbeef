"""What one upload holds: events of a journal, as many as fit, numbered without a hole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from agent.job.frames import MOST_BYTES, MOST_EVENTS
from agent.journal.records import Record
from casare_rpa.domain.json_values import Json


@dataclass(slots=True, kw_only=True)
class Batch:
    """Events with the indexes first_index, first_index + 1, ...; `end` is an offset."""

    first_index: int = 0
    events: list[Json] = field(default_factory=list)
    size: int = 0
    end: int = 0
    #: Nothing comes after it, as far as the journal was written when it was read.
    complete: bool = False

    @property
    def last_index(self) -> int:
        return self.first_index + len(self.events) - 1

    @property
    def full(self) -> bool:
        return len(self.events) >= MOST_EVENTS or self.size >= MOST_BYTES // 2

    def fits(self, count: int, size: int) -> bool:
        if not self.events:
            return True
        return len(self.events) + count <= MOST_EVENTS and self.size + size <= MOST_BYTES


def events_from(
    next_index: int, records: Iterable[Record]
) -> Iterator[tuple[int, list[Json], int, int]]:
    """(first index, events, bytes, end offset) of what comes in *records* from an index on."""
    for record in records:
        if not record.holds_events:
            continue
        decoded = record.decode()
        first, events = decoded["first_index"], decoded["events"]
        known = max(0, next_index - first)
        if known < len(events):
            yield first + known, events[known:], len(record.payload), record.end
