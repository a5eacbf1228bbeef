"""Pages of a job's history as socket messages; many watchers of one job share one read.

They share the bytes, too: a page is put into WebSocket frames once, however many watchers get it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import cached_property
from struct import pack
from typing import Any

import orjson

from casare_rpa.store import Store
from casare_rpa.wire import JobEvent

PAGE_SIZE = 200

#: No event of a run comes after one of these; a person's job.resolved may.
TERMINAL_TYPES = frozenset({"job.completed", "job.failed", "job.cancelled"})

Call = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Messages that follow each other, oldest first."""

    texts: tuple[bytes, ...] = ()
    #: The seq of the last message; 0 in an empty page.
    last_seq: int = 0
    #: Whether the job's history ends with this page.
    ended: bool = False

    @cached_property
    def frames(self) -> bytes:
        """The messages as a server sends them, one text frame each (RFC 6455, section 5.2)."""
        return b"".join(_head(len(text)) + text for text in self.texts)

    @property
    def full(self) -> bool:
        """Whether more may follow that is stored already."""
        return len(self.texts) >= PAGE_SIZE


class EventPages:
    """Watchers that want the same page at the same time get it from the same read."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call
        self._reading: dict[tuple[str, int], asyncio.Task[Page]] = {}

    async def after(self, job_id: str, seq: int) -> Page:
        """What comes after *seq*, at most PAGE_SIZE messages. Raises NotFound."""
        key = (job_id, seq)
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(job_id, seq), name=f"events {job_id}")
            self._reading[key] = reading
            reading.add_done_callback(lambda task: self._forget(key, task))
        # A watcher that goes away must not take the page from the others.
        return await asyncio.shield(reading)

    def _forget(self, key: tuple[str, int], reading: asyncio.Task[Page]) -> None:
        self._reading.pop(key, None)
        if not reading.cancelled():
            reading.exception()  # all who waited for it may be gone

    async def _read(self, job_id: str, seq: int) -> Page:
        return await self._call(self._read_blocking, job_id, seq)  # type: ignore[no-any-return]

    def _read_blocking(self, job_id: str, seq: int) -> Page:
        return page_of(self._store.events(job_id, after=seq, limit=PAGE_SIZE).events)


def page_of(events: Sequence[JobEvent]) -> Page:
    if not events:
        return Page()
    return Page(
        texts=tuple(text_of(event) for event in events),
        last_seq=events[-1].seq,
        ended=any(event.type in TERMINAL_TYPES for event in events[-2:]),
    )


def text_of(event: JobEvent) -> bytes:
    """*event* as it goes to watchers: its data's members are repeated at the top level."""
    return orjson.dumps(
        {
            "attempt": event.attempt,
            **event.data,
            "type": event.type,
            "job_id": event.job_id,
            "seq": event.seq,
            "timestamp": event.timestamp,
            "data": event.data,
        },
        option=orjson.OPT_UTC_Z,
    )


def _head(length: int) -> bytes:
    """The head of a whole, unmasked text frame."""
    if length < 126:
        return pack("!BB", 0x81, length)
    if length < 1 << 16:
        return pack("!BBH", 0x81, 126, length)
    return pack("!BBQ", 0x81, 127, length)
