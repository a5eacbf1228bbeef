"""Who was heard of when: kept in memory, written now and then.

A heartbeat that renews nothing and a request that only proves a key would else be a write each.
What is lost in a crash is some seconds of "last seen".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Generic[T]):
    at: float
    said: T


class Contacts(Generic[T]):
    """The last contact of each id. May be used from any thread."""

    def __init__(self, write_every_seconds: float) -> None:
        self._every = write_every_seconds
        self._lock = threading.Lock()
        self._last: dict[str, Contact[T]] = {}
        self._written: dict[str, float] = {}

    def note(self, id: str, at: float, said: T) -> bool:
        """Whether it is time to write this contact."""
        with self._lock:
            self._last[id] = Contact(at=at, said=said)
            return at - self._written.get(id, float("-inf")) >= self._every

    def written(self, id: str, at: float) -> None:
        with self._lock:
            self._written[id] = at

    def last(self, id: str) -> Contact[T] | None:
        with self._lock:
            return self._last.get(id)

    def forget(self, id: str) -> None:
        with self._lock:
            self._last.pop(id, None)
            self._written.pop(id, None)

    def unwritten(self) -> dict[str, Contact[T]]:
        with self._lock:
            return {
                id: contact
                for id, contact in self._last.items()
                if contact.at > self._written.get(id, float("-inf"))
            }
