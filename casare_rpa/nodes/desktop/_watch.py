"""Waiting for something to become true of a display: the server tells, nobody asks in a loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from casare_rpa.nodes._threads import in_thread
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._windows import all_windows

T = TypeVar("T")


class Watch(Generic[T]):
    """A connection of its own that hears of every change of the windows."""

    def __init__(self, check: Callable[[Connection], T | None]) -> None:
        self._check = check
        self._connection: Connection | None = None
        self._heard: set[int] = set()
        self._is_closed = False

    async def found(self) -> T:
        """What the check returns, once that is not None. Raises NoDisplay and errors of Xlib."""
        while True:
            outcome = await asyncio.wrap_future(in_thread(self._look, "desktop watch"))
            if outcome is not None:
                return outcome
            assert self._connection is not None
            await _readable(self._connection.display.fileno())

    def close(self) -> None:
        self._is_closed = True
        if self._connection is not None:
            self._connection.close()

    def _look(self) -> T | None:
        if self._connection is None:
            self._connection = Connection()
        connection = self._connection
        if self._is_closed:
            connection.close()
        while True:
            for _ in range(connection.display.pending_events()):
                connection.display.next_event()
            # To listen comes first: a change after the look is an event then.
            self._listen(connection)
            outcome = self._check(connection)
            # Answers that were waited for may have brought events along.
            if outcome is not None or not connection.display.pending_events():
                return outcome

    def _listen(self, connection: Connection) -> None:
        from Xlib import X  # noqa: PLC0415 - an extra

        if connection.root.id not in self._heard:
            mask = X.SubstructureNotifyMask | X.PropertyChangeMask
            connection.root.change_attributes(event_mask=mask)
            self._heard.add(connection.root.id)
        for window_id in all_windows(connection):
            if window_id not in self._heard:
                mask = X.StructureNotifyMask | X.PropertyChangeMask
                connection.window(window_id).change_attributes(event_mask=mask)
                self._heard.add(window_id)
        connection.display.sync()  # Windows that closed meanwhile are no failure.
        connection.forget_errors()


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
