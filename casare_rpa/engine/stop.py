"""Asking a run to stop, from any thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock


class StopFlag:
    """Set once, never unset. The run it was given to stops between and inside its nodes."""

    def __init__(self) -> None:
        self._lock = RLock()  # a signal handler may interrupt its own thread inside the lock
        self._reason: str | None = None
        self._listeners: list[Callable[[], None]] = []

    def request(self, reason: str = "cancelled") -> None:
        """Ask to stop; the first *reason* stays. Safe from any thread and signal handler."""
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            listeners = list(self._listeners)
        for tell in listeners:
            tell()

    @property
    def requested(self) -> bool:
        return self._reason is not None

    @property
    def reason(self) -> str:
        """Why, or empty if nobody asked."""
        return self._reason or ""

    def listen(self, tell: Callable[[], None]) -> Callable[[], None]:
        """Call *tell* once on the request, at once if it was made; returns what undoes this."""
        with self._lock:
            late = self._reason is not None
            if not late:
                self._listeners.append(tell)
        if late:
            tell()
        return lambda: self._forget(tell)

    def _forget(self, tell: Callable[[], None]) -> None:
        with self._lock:
            if tell in self._listeners:
                self._listeners.remove(tell)
