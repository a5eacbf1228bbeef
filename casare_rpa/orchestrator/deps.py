"""What routes share, and the one door through which they enter the blocking store."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Query, Request
from starlette.requests import HTTPConnection

from casare_rpa.orchestrator.access.auth import Authenticator, Principal
from casare_rpa.orchestrator.access.rates import Rates
from casare_rpa.orchestrator.access.tickets import Tickets
from casare_rpa.orchestrator.access.wrong_keys import WrongKeys
from casare_rpa.orchestrator.memory.known_keys import MEMORY_PART
from casare_rpa.orchestrator.memory.open_sockets import OpenSockets
from casare_rpa.orchestrator.memory.pages import EventPages
from casare_rpa.orchestrator.memory.wakeups import Wakeups
from casare_rpa.settings import Settings
from casare_rpa.store import Store

P = ParamSpec("P")
T = TypeVar("T")

#: One in so many of the store's callers is kept for `call_first`.
_PART_FOR_FIRST = 4

PRINCIPAL = "casare.principal"


class Desk:
    """Everything a route may need. One for each application."""

    def __init__(self, store: Store, settings: Settings, wakeups: Wakeups) -> None:
        self.store = store
        self.settings = settings
        self.wakeups = wakeups
        self.auth = Authenticator(
            store,
            self.call_first,
            check_every_seconds=settings.key_check_every_seconds * MEMORY_PART,
            wrong_keys=WrongKeys(settings.wrong_keys_per_minute),
        )
        self.rates = Rates(settings)
        wakeups.on_key_change = self.auth.forget
        self.pages = EventPages(store, self.call)
        self.tickets = Tickets(store, self.call)
        self.open_sockets = OpenSockets(settings.max_sockets)
        first = store.callers // _PART_FOR_FIRST
        self._first = ThreadPoolExecutor(first, thread_name_prefix="store first")
        self._threads = ThreadPoolExecutor(store.callers - first, thread_name_prefix="store")

    async def call(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking method of the store on a thread of its own."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(method, *args, **kwargs))

    async def call_first(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `call`, for what must not stand in line behind a burst of other calls: a renewal
        that comes too late costs a robot its job. It must be short."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._first, partial(method, *args, **kwargs))

    def close(self) -> None:
        """Let calls end that are under way."""
        self._first.shutdown(wait=True)
        self._threads.shutdown(wait=True)


def desk_of(connection: HTTPConnection) -> Desk:
    desk: Desk = connection.app.state.desk
    return desk


def address_of(connection: HTTPConnection) -> str:
    return connection.client.host if connection.client else "unknown"


# Plain functions would each cost a hop to another thread.
async def _desk(request: Request) -> Desk:
    return desk_of(request)


async def _principal(request: Request) -> Principal:
    principal: Principal = request.scope[PRINCIPAL]
    return principal


DeskDep = Annotated[Desk, Depends(_desk)]
PrincipalDep = Annotated[Principal, Depends(_principal)]

Limit = Annotated[int, Query(ge=1, le=500, description="At most this many.")]
Offset = Annotated[int, Query(ge=0, lt=2**31, description="Skip this many.")]
Cursor = Annotated[
    str | None,
    Query(max_length=4096, description="Go on behind a page: its next_cursor, the same sort."),
]
