"""What the store said about keys, kept in memory: a request need not ask for its key each time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from casare_rpa.store import KeyRecord, Store

_MOST_REMEMBERED = 10_000
#: A record is asked for again after this time, whatever is known of changes.
_LONGEST_SECONDS = 600.0
#: A key whose revocation was still being committed at one look is found by the next.
_LOOK_BACK_SECONDS = 60.0

#: The part of `key_check_every_seconds` that a record may be old; open sockets take the rest.
MEMORY_PART = 0.2

Call = Callable[..., Coroutine[Any, Any, Any]]


class _Known(NamedTuple):
    record: KeyRecord
    asked_at: float


class KnownKeys:
    """Records that are never older than *check_every_seconds* in what matters.

    Nothing of a key changes but that it is revoked. This process hears at once of what it revokes
    itself; for the rest one look at what was revoked lately serves all keys. A thousand robots
    that each asked for their own key would be hundreds of questions a second.
    """

    def __init__(self, store: Store, call: Call, *, check_every_seconds: float) -> None:
        self._store = store
        self._call = call
        self._every = check_every_seconds
        self._known: OrderedDict[str, _Known] = OrderedDict()
        #: Threads of the store forget while the loop puts in what it has read.
        self._lock = threading.Lock()
        self._changes = 0
        self._checked_at = time.monotonic()
        self._checking = asyncio.Lock()

    def forget(self, key_id: str | None) -> None:
        """The key, or any key, changed: ask the store next time. May be called from any thread."""
        with self._lock:
            self._changes += 1
            if key_id is None:
                self._known.clear()
            else:
                self._known.pop(key_id, None)

    async def remembered(self, key_id: str) -> KeyRecord | None:
        """The key's record if it is known and no older than it may be."""
        if key_id not in self._known:
            return None
        await self._check()
        known = self._known.get(key_id)
        if known is None or time.monotonic() - known.asked_at > _LONGEST_SECONDS:
            return None
        return known.record

    async def ask(self, key_id: str) -> KeyRecord | None:
        """The key's record as the store has it now."""
        changes = self._changes
        record: KeyRecord | None = await self._call(self._store.key, key_id)
        # A key that was rotated is asked for each time: the end of its successor would be missed.
        if record is not None and not record.rotated:
            self._remember(record, changes)
        return record

    def _remember(self, record: KeyRecord, changes: int) -> None:
        """Keep what was read when there had been so many *changes*, unless there were more."""
        with self._lock:
            if changes != self._changes:
                return
            self._known[record.id] = _Known(record, time.monotonic())
            self._known.move_to_end(record.id)
            while len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)

    async def _check(self) -> None:
        """Forget what was revoked elsewhere: once in a while, and once for all who wait for it."""
        if time.monotonic() - self._checked_at < self._every:
            return
        async with self._checking:
            now = time.monotonic()
            if now - self._checked_at < self._every:
                return
            lately = now - self._checked_at + _LOOK_BACK_SECONDS
            for key_id in await self._call(self._store.revoked_keys, within_seconds=lately):
                self.forget(key_id)
            self._checked_at = now
