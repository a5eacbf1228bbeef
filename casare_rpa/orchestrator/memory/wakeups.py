"""Wake-ups inside this process: from a commit in a store, here or at another server, to who waits.

A wake-up says only "look again". Losing one would cost time, never data: whoever waits has read
the store before, reads it after, and has a time limit.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from casare_rpa.store.records import Change

#: Rung when there may be a job to claim.
QUEUE = "queue"
#: Rung when a schedule was made, changed or deleted.
SCHEDULES = "schedules"


#: Changes that a bell keeps until they are taken.
_MOST_KEPT = 1000
_ANYTHING = Change(kind="any")


def job_topic(job_id: str) -> str:
    return f"job:{job_id}"


def robot_topic(robot_id: str) -> str:
    return f"robot:{robot_id}"


def key_topic(key_id: str) -> str:
    return f"key:{key_id}"


def _topic_of(change: Change) -> str | None:
    match change.kind:
        case "events":
            return job_topic(change.job_id or "")
        case "queue":
            return QUEUE
        case "cancel" | "lease" | "robot":
            return robot_topic(change.robot_id or "")
        case "key":
            return key_topic(change.key_id or "")
        case "schedule":
            return SCHEDULES
    return None  # nobody waits for workflows; everybody for anything


class Bell:
    """Rings when a topic it listens to changed. Take, read, then wait: nothing is missed."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._changes: dict[Change, None] = {}

    def ring(self, change: Change | None = None) -> None:
        if change is not None:
            # Whoever is that far behind looks at everything; no change is lost among the many.
            self._changes[change if len(self._changes) < _MOST_KEPT else _ANYTHING] = None
        self._rung.set()

    def take(self) -> list[Change]:
        """What changed since the last call; silences the bell."""
        self._rung.clear()
        changes, self._changes = list(self._changes), {}
        return changes

    async def wait(self, seconds: float) -> bool:
        """True when it rang within *seconds*."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await self._rung.wait()
        return self._rung.is_set()


class Wakeups:
    """Topics and who listens to them. `notify` is the store's `on_change`."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._bells: dict[str, set[Bell]] = {}
        self._lock = threading.Lock()
        self._pending: dict[Change, None] = {}
        #: Called at once, on the store's thread, with None for all keys; must be quick and safe.
        self.on_key_change: Callable[[str | None], None] = lambda key_id: None
        self.stopping = False
        #: How often the queue changed, counted before anybody is woken for it.
        self.queue_changes = 0

    def bind(self, loop: asyncio.AbstractEventLoop) -> None:
        """Ring bells on *loop* from now on; nobody can have waited before."""
        with self._lock:
            self._loop = loop
            self._pending.clear()

    def notify(self, change: Change) -> None:
        """Wake whoever waits for *change*, soon. May be called from any thread."""
        if change.kind in ("key", "any"):
            self.on_key_change(change.key_id)
        with self._lock:
            if self._loop is None:
                return
            first = not self._pending
            self._pending[change] = None
        if first:
            with suppress(RuntimeError):  # the loop has closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._ring_pending)

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Bell]:
        """A bell for *topics*, while the block runs."""
        bell = Bell()
        for topic in topics:
            self._bells.setdefault(topic, set()).add(bell)
        if self.stopping:
            bell.ring()
        try:
            yield bell
        finally:
            for topic in topics:
                self._forget(topic, bell)

    def stop(self) -> None:
        """Wake everybody for the last time; `stopping` tells them why."""
        self.stopping = True
        self._ring_all(None)

    def _forget(self, topic: str, bell: Bell) -> None:
        bells = self._bells.get(topic, set())
        bells.discard(bell)
        if not bells:
            self._bells.pop(topic, None)

    def _ring_pending(self) -> None:
        with self._lock:
            changes, self._pending = self._pending, {}
        self.queue_changes += sum(change.kind in ("queue", "any") for change in changes)
        for change in changes:
            if change.kind == "any":
                self._ring_all(change)
            for bell in self._bells.get(_topic_of(change) or "", ()):
                bell.ring(change)

    def _ring_all(self, change: Change | None) -> None:
        for bells in self._bells.values():
            for bell in bells:
                bell.ring(change)
