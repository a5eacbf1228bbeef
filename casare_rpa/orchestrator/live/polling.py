"""Long polls: answer as soon as there is something, and never for nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from starlette.requests import Request

from casare_rpa.orchestrator.deps import Desk
from casare_rpa.orchestrator.memory.wakeups import Bell
from casare_rpa.store import Change

T = TypeVar("T")

#: Behind the wake-ups: how often to look without being woken.
_LOOK_EVERY_SECONDS = 5.0


class Departure:
    """Whether the client of a request has gone away. `gone` is set without being asked."""

    def __init__(self) -> None:
        self.gone = False


@contextmanager
def departure_of(request: Request, bell: Bell) -> Iterator[Departure]:
    """Watch the connection of *request*, whose body was read; ring *bell* when the client goes."""
    departure = Departure()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        departure.gone = True
        bell.ring()

    watching = asyncio.create_task(watch(), name="client of a long poll")
    try:
        yield departure
    finally:
        watching.cancel()


async def poll(
    request: Request,
    desk: Desk,
    read: Callable[[Sequence[Change]], Awaitable[tuple[T, bool]]],
    nothing: T,
    wait_seconds: float,
    topics: Sequence[str],
) -> T:
    """Call *read* until it says done, for *wait_seconds* at most; what it gave last, or *nothing*.

    It is given what changed since it was called before: nothing when it was not woken.

    Ends early when the server stops or the client goes away. *read* is not called for a client
    that is known to be gone.
    """
    deadline = time.monotonic() + wait_seconds
    found = nothing
    with desk.wakeups.listen(*topics) as bell, departure_of(request, bell) as client:
        while not client.gone:
            found, done = await read(bell.take())
            left = deadline - time.monotonic()
            if done or left <= 0 or desk.wakeups.stopping:
                break
            await bell.wait(min(left, _LOOK_EVERY_SECONDS))
    return found
