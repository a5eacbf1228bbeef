"""Pages of a job's history as socket messages; many watchers of one job share one read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import orjson

from casare_rpa.store import Store
from casare_rpa.wire import JobEvent

PAGE_SIZE = 200

#: No event of a job comes after one of these.
TERMINAL_TYPES = frozenset({"job.completed", "job.failed", "job.cancelled"})

Call = Callable[..., Coroutine[Any, Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    seq: int
    text: str
    #: Whether the job's history ends here.
    last: bool


class EventPages:
    """Watchers that want the same page at the same time get it from the same read."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call
        self._reading: dict[tuple[str, int], asyncio.Task[list[Message]]] = {}

    async def after(self, job_id: str, seq: int) -> list[Message]:
        """The next messages later than *seq*, at most PAGE_SIZE. Raises NotFound."""
        key = (job_id, seq)
        reading = self._reading.get(key)
        if reading is None:
            reading = asyncio.create_task(self._read(job_id, seq), name=f"events {job_id}")
            self._reading[key] = reading
            reading.add_done_callback(lambda task: self._forget(key, task))
        # A watcher that goes away must not take the page from the others.
        return await asyncio.shield(reading)

    def _forget(self, key: tuple[str, int], reading: asyncio.Task[list[Message]]) -> None:
        self._reading.pop(key, None)
        if not reading.cancelled():
            reading.exception()  # all who waited for it may be gone

    async def _read(self, job_id: str, seq: int) -> list[Message]:
        return await self._call(self._read_blocking, job_id, seq)  # type: ignore[no-any-return]

    def _read_blocking(self, job_id: str, seq: int) -> list[Message]:
        page = self._store.events(job_id, after=seq, limit=PAGE_SIZE)
        return [message_of(event) for event in page.events]


def message_of(event: JobEvent) -> Message:
    """*event* as it goes to watchers: its data's members are repeated at the top level."""
    text = orjson.dumps(
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
    return Message(seq=event.seq, text=text.decode(), last=event.type in TERMINAL_TYPES)
