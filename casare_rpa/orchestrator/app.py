"""Builds the application from a store and settings. Nothing happens on import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from casare_rpa import __version__
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.orchestrator.duties.leadership import Leadership
from casare_rpa.orchestrator.duties.reaper import Reaper
from casare_rpa.orchestrator.duties.scheduler import Scheduler
from casare_rpa.orchestrator.live import robot_socket, watchers
from casare_rpa.orchestrator.live.claims import ClaimTurns
from casare_rpa.orchestrator.memory.wakeups import Wakeups
from casare_rpa.orchestrator.requests import problems
from casare_rpa.orchestrator.requests.fallback import Fallback
from casare_rpa.orchestrator.requests.limits import Gate
from casare_rpa.orchestrator.routes import (
    api_keys,
    dead_letters,
    health,
    identity,
    jobs,
    robot_jobs,
    robot_keys,
    robots,
    schedules,
    stats,
    workflows,
)
from casare_rpa.orchestrator.routing import GuardedRoute
from casare_rpa.settings import Settings
from casare_rpa.store import Store

_DESCRIPTION = """\
Keeps workflows, jobs and robots. People and scripts submit jobs, robots claim and run them.

Every call but health carries a key: `Authorization: Bearer sk_live_...` for people and scripts,
`robot_...` for robots. Every error has the same shape; its `code` is for programs, its `message`
for people. Times are UTC, durations say their unit in the name.
"""


def create_app(
    store: Store,
    settings: Settings,
    *,
    wakeups: Wakeups | None = None,
    on_broken: Callable[[str], None] = lambda reason: None,
) -> FastAPI:
    """The application over *store*.

    *wakeups* must be the one whose `notify` is the store's `on_change`; without it, waiting calls
    and sockets notice changes only when they look again by themselves. *on_broken* is called once
    when the store must not be used any more. The caller closes the store.
    """
    desk = Desk(store, settings, wakeups or Wakeups())
    app = FastAPI(
        title="CasareRPA orchestrator",
        version=__version__,
        description=_DESCRIPTION,
        openapi_url=None,  # served by `identity`, to holders of a key
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    # Default deny: what is added without one of the routers below needs its row of the rules too.
    app.router.route_class = GuardedRoute
    app.state.desk = desk
    app.state.claim_turns = ClaimTurns(desk)
    app.state.leadership = Leadership(desk)
    app.state.reaper = Reaper(desk, app.state.leadership, on_broken)
    app.state.scheduler = Scheduler(desk, app.state.leadership)
    # Routes are tried one after the other: what robots call stands before what people call.
    for room in (
        robot_jobs, robots, jobs, health, identity, workflows, dead_letters, robot_keys, api_keys,
        schedules, stats, watchers, robot_socket,
    ):  # fmt: skip
        app.include_router(room.router)
    app.router.routes.append(Fallback(app.router))
    problems.install(app)
    if settings.allowed_origins:
        _allow_origins(app, settings)
    app.add_middleware(Gate, settings=settings)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    desk: Desk = app.state.desk
    leadership: Leadership = app.state.leadership
    reaper: Reaper = app.state.reaper
    scheduler: Scheduler = app.state.scheduler
    desk.wakeups.bind(asyncio.get_running_loop())
    await leadership.start()
    await reaper.start()
    await scheduler.start()
    try:
        yield
    finally:
        desk.wakeups.stop()
        await scheduler.stop()
        await reaper.stop()
        await leadership.stop()
        desk.close()


def _allow_origins(app: FastAPI, settings: Settings) -> None:
    """Let pages of the origins named in the settings read the answers."""
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[origin.rstrip("/") for origin in settings.allowed_origins],
        allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Api-Key"],
        expose_headers=[
            "Location",
            "Retry-After",
            "X-Request-ID",
            "Idempotency-Replayed",
            "X-RateLimit-Limit",
            "X-RateLimit-Remaining",
            "X-RateLimit-Reset",
        ],
    )
