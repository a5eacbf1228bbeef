"""What no route takes: HEAD, OPTIONS, methods that a path has not, paths that are none, sockets.

It stands behind all routes, so that calls which have a route pay nothing for it.
"""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casare_rpa import errors
from casare_rpa.orchestrator.access.rules import RULES
from casare_rpa.orchestrator.requests.problems import refuse

_PATHS = [(method, compile_path(path)[0]) for method, path in RULES if method != "WS"]


def methods_of(path: str) -> list[str]:
    """All methods that *path* has, in order; none when there is nothing at it."""
    found = {method for method, pattern in _PATHS if pattern.match(path)}
    if not found:
        return []
    return sorted(found | {"OPTIONS"} | ({"HEAD"} if "GET" in found else set()))


class Fallback(BaseRoute):
    """The last route of *router*."""

    def __init__(self, router: ASGIApp) -> None:
        self._router = router

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return (Match.FULL if scope["type"] in ("http", "websocket") else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["type"] == "websocket":
            await refuse(errors.NotFound(f"there is no socket at {path}"), scope, receive, send)
            return
        methods = methods_of(path)
        if not methods:
            raise HTTPException(status_code=404)
        allow = {"Allow": ", ".join(methods)}
        match scope["method"]:
            case "OPTIONS":
                await Response(status_code=204, headers=allow)(scope, receive, send)
            case "HEAD" if "GET" in methods:
                await self._router({**scope, "method": "GET"}, receive, _without_body(send))
            case _:
                raise HTTPException(status_code=405, headers=allow)


def _without_body(send: Send) -> Send:
    """The head of an answer as it is, with the length of the body that a GET would get."""

    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
