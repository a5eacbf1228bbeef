"""What every request meets first, whatever its path: ids, hosts and origins, the last fence.

Plain ASGI, so that sockets pass it too. Bodies are limited in `bodies`, after the key was checked,
so that nobody without a key makes this server keep a byte.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import re
import socket
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from casare_rpa import errors
from casare_rpa.hosts import is_this_machine
from casare_rpa.orchestrator.requests.problems import (
    REQUEST_ID,
    close_socket,
    new_request_id,
    refuse,
)
from casare_rpa.settings import Settings

log = logging.getLogger(__name__)

#: Where the key of a socket's address is kept once it was taken out of the address.
QUERY_KEY = "casare.query_key"

_KEY_PARAMETERS = frozenset({"api_key", "token", "api_secret", "access_token"})
_KEY_TEXT = re.compile(rb"(?:sk_live|robot)_[0-9A-Za-z]{40}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Gate:
    """Middleware around the whole application."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._hosts = frozenset(name.lower() for name in _own_names(settings))
        self._any_address = not is_this_machine(settings.host)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given_id = headers.get("x-request-id", "")
        scope[REQUEST_ID] = given_id if _REQUEST_ID.fullmatch(given_id) else new_request_id()
        if scope["type"] == "websocket":
            _hide_query_key(scope)
        try:
            self._check(scope, headers)
        except errors.CasareError as error:
            await refuse(error, scope, receive, send)
            return
        await self._pass_on(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if not self._knows_host(host):
            raise errors.MisdirectedRequest(
                "this server does not answer to that Host",
                hint="Add the name to the setting allowed_hosts.",
            )
        origin = headers.get("origin")
        if origin is not None and not self._allows_origin(origin, host):
            raise errors.OriginRefused(
                "pages of that origin may not call this server",
                hint="Add the origin to the setting allowed_origins.",
            )
        if scope["type"] == "http" and _has_key_in_address(scope):
            raise errors.BadRequest(
                "a key does not belong in an address, where logs and histories keep it",
                hint="Send it in the header: Authorization: Bearer KEY. Revoke this one.",
            )

    def _knows_host(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        # A browser that was lured here by name sends that name, never an address.
        return name in self._hosts or (self._any_address and _is_address(name))

    def _allows_origin(self, origin: str, host: str) -> bool:
        origin = origin.lower()
        return origin in self._origins or origin in (f"http://{host}", f"https://{host}")

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application; an error nobody foresaw becomes an answer and a line in the log."""
        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Request-ID", scope[REQUEST_ID])
                headers.setdefault("Cache-Control", "no-store")
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except asyncio.CancelledError:
            # The web server stops, and has waited long enough for this call.
            if scope["type"] == "websocket":
                raise
            if not started:
                error = errors.Unavailable("the server is stopping")
                await refuse(error, scope, receive, send_with_headers)
        except Exception:  # the one fence: no traceback leaves this process
            log.exception("%s %s failed", scope[REQUEST_ID], scope["path"])
            if scope["type"] == "websocket":
                await close_socket(send, 1011)
            elif not started:
                await refuse(_unexpected(), scope, receive, send_with_headers)


def _own_names(settings: Settings) -> Iterable[str]:
    yield from _LOOPBACK
    yield from settings.allowed_hosts
    yield settings.host
    if not is_this_machine(settings.host):
        yield socket.gethostname()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _has_key_in_address(scope: Scope) -> bool:
    query: bytes = scope["query_string"]
    if _KEY_TEXT.search(query) or _KEY_TEXT.search(scope.get("raw_path") or b""):
        return True
    return any(name.lower() in _KEY_PARAMETERS for name, _ in _parameters(query))


def _hide_query_key(scope: Scope) -> None:
    """Take the key of old socket clients out of the address before anything can log it."""
    kept = []
    for name, value in _parameters(scope["query_string"]):
        if name.lower() in _KEY_PARAMETERS:
            scope[QUERY_KEY] = value
        else:
            kept.append((name, value))
    scope["query_string"] = urlencode(kept).encode("ascii")


def _parameters(query: bytes) -> list[tuple[str, str]]:
    return parse_qsl(query.decode("latin-1"), keep_blank_values=True)


def _unexpected() -> errors.ServerFailed:
    return errors.ServerFailed(
        "the orchestrator failed while answering",
        hint="Its log tells why; look there for the request id.",
    )
