"""What the application serves, asked from the application itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute

from casare_rpa.orchestrator.app import create_app
from casare_rpa.orchestrator.requests.fallback import Fallback
from casare_rpa.settings import Settings
from casare_rpa.store import Store
from casare_rpa.store.sqlite import SqliteStore


def application() -> FastAPI:
    """The application as it is before its start: no route has been called, no store is opened."""
    # The class knows how many may call at once; nobody calls.
    return create_app(cast(Store, SqliteStore), Settings())


def served() -> Iterator[tuple[str, str, object]]:
    """Method, path and route of every operation and socket ("WS"); "?" for anything else."""
    return _served(application().routes)


def _served(routes: Iterable[object]) -> Iterator[tuple[str, str, object]]:
    for route in routes:
        # FastAPI may keep an included router as it is, instead of copying its routes.
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from _served(included.routes)
        elif isinstance(route, APIRoute):
            for method in route.methods or ():
                yield method, route.path, route
        elif isinstance(route, APIWebSocketRoute):
            yield "WS", route.path, route
        elif isinstance(route, Fallback):
            continue  # it takes what no route takes
        else:
            yield "?", repr(route), route
