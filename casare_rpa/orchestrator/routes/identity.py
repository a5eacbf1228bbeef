"""Who a key is, tickets for sockets, and the description of this API."""

from __future__ import annotations

import orjson
from fastapi import Request
from fastapi.responses import Response

from casare_rpa.orchestrator.access.rules import API
from casare_rpa.orchestrator.access.tickets import TICKET_SECONDS
from casare_rpa.orchestrator.deps import DeskDep, PrincipalDep
from casare_rpa.orchestrator.openapi.document import describe
from casare_rpa.orchestrator.routing import router as guarded_router
from casare_rpa.wire import Identity, SocketTicket

router = guarded_router("", "identity")


@router.get(f"{API}/auth/me", response_model=Identity)
async def me(principal: PrincipalDep) -> Identity:
    """Who the key of this request is."""
    return Identity(
        user_id=principal.name,
        key_id=principal.key_id,
        key_name=principal.key_name,
        roles=[principal.role],
        robot_id=principal.robot_id,
        expires_at=principal.expires_at,
    )


@router.post(f"{API}/auth/ws-ticket", response_model=SocketTicket)
async def ws_ticket(principal: PrincipalDep, desk: DeskDep) -> SocketTicket:
    """A ticket that opens one socket within 30 seconds, for web pages, which cannot set headers."""
    return SocketTicket(ticket=await desk.tickets.issue(principal), expires_in=TICKET_SECONDS)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> Response:
    """This API as an OpenAPI document."""
    return Response(orjson.dumps(describe(request.app)), media_type="application/json")
