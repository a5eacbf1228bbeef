"""Is the server there, and can it work? The only calls without a key."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response

from casare_rpa import __version__
from casare_rpa.errors import CasareError, Unavailable
from casare_rpa.orchestrator.access.auth import key_in
from casare_rpa.orchestrator.access.rules import ADMIN, Rule
from casare_rpa.orchestrator.deps import Desk, DeskDep, address_of
from casare_rpa.orchestrator.routing import public_router
from casare_rpa.wire import Health

router = public_router("health")

_STARTED = time.monotonic()
_ADMINS = Rule(roles=ADMIN)


@router.get("/health", response_model=Health)
async def health(desk: DeskDep) -> Health:
    """The server answers, and how its database, queue and robots are."""
    if desk.store.broken:
        raise Unavailable("the database cannot be trusted any more; the server is stopping")
    found = await desk.call(desk.store.health)
    return Health(
        status="healthy" if desk.store.refusing is None else "degraded",
        reason=_reason(desk),
        timestamp=datetime.now(UTC),
        database=found.database,
        queue=f"{found.pending} pending",
        robots_online=found.robots_online,
        version=__version__,
    )


@router.get("/health/live")
async def live() -> dict[str, Any]:
    """The process answers; the database is not asked."""
    return {
        "status": "healthy",
        "service": "casare-rpa-orchestrator",
        "timestamp": datetime.now(UTC),
    }


async def _ready(request: Request, response: Response, desk: Desk) -> dict[str, Any]:
    try:
        found = None if desk.wakeups.stopping else await desk.call(desk.store.health)
    except Unavailable:
        found = None
    reason = _reason(desk)
    usable = found is not None and not desk.store.broken and reason is None
    answer: dict[str, Any] = {"ready": usable, "status": "up" if usable else "degraded"}
    if reason is not None:
        answer["reason"] = reason
    if not usable:
        response.status_code = 503
        response.headers["Retry-After"] = "1"
    if found is not None and await _is_admin(request, desk):
        answer |= {
            "database": found.database,
            "robots_connected": found.robots_online,
            "pending_jobs": found.pending,
            "leading": request.app.state.leadership.leading,
            "uptime_seconds": round(time.monotonic() - _STARTED, 1),
            "version": __version__,
        }
    return answer


def _reason(desk: Desk) -> str | None:
    """What a server that still reads cannot do."""
    refusing = desk.store.refusing
    return None if refusing is None else f"the database refuses writes: {refusing}"


@router.get("/health/ready")
async def health_ready(request: Request, response: Response, desk: DeskDep) -> dict[str, Any]:
    """Whether work can be sent here: 200, else 503. An admin's key shows the figures as well."""
    return await _ready(request, response, desk)


@router.get("/ready")
async def ready(request: Request, response: Response, desk: DeskDep) -> dict[str, Any]:
    """The same as `/health/ready`."""
    return await _ready(request, response, desk)


async def _is_admin(request: Request, desk: Desk) -> bool:
    key = key_in(request.headers)
    if key is None:
        return False
    try:
        await desk.auth.principal(key, _ADMINS, address=address_of(request))
    except CasareError:
        return False
    return True
