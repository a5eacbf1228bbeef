"""What every live socket does: says who it is, is told when to stop, never holds up the others.

Close codes beyond those of the WebSocket standard:

4401 the key is missing, wrong, expired or revoked
4403 the key's role does not allow it, or it is another robot's
4404 there is no such job
4408 nothing could be sent for 30 seconds; the reason names the last seq
4409 the job's history is shorter than `after` says; start again from the beginning
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from casare_rpa.errors import CasareError, Forbidden, RateLimited, Unauthenticated
from casare_rpa.orchestrator.auth import Principal, check_role, key_in
from casare_rpa.orchestrator.deps import Desk, address_of
from casare_rpa.orchestrator.limits import QUERY_KEY
from casare_rpa.orchestrator.protocols import GIVE_UP
from casare_rpa.orchestrator.rules import Rule
from casare_rpa.orchestrator.wakeups import Bell, key_topic

UNAUTHENTICATED = 4401
FORBIDDEN = 4403
UNKNOWN = 4404
TOO_SLOW = 4408
SHORTER_HISTORY = 4409
RESTARTING = 1012
OVERLOADED = 1013

#: Time for the first message when no key came with the request.
_AUTH_SECONDS = 10.0
SEND_SECONDS = 30.0
_MOST_SOCKETS = 5000


class SocketClosed(Exception):
    """Close the socket with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """An accepted socket of a known principal."""

    def __init__(self, websocket: WebSocket, desk: Desk, rule: Rule, principal: Principal) -> None:
        self.websocket = websocket
        self.desk = desk
        self.rule = rule
        self.principal = principal
        self._left = False
        self._bell: Bell | None = None

    @contextmanager
    def listen(self, *topics: str) -> Iterator[Bell]:
        """A bell for *topics*, for the key of this socket, and for its end."""
        wakeups = self.desk.wakeups
        with wakeups.listen(*topics, key_topic(self.principal.key_id)) as bell:
            self._bell = bell
            if self._left:
                bell.ring()
            yield bell

    def leave(self) -> None:
        """The other side has gone."""
        self._left = True
        if self._bell is not None:
            self._bell.ring()

    async def send(self, text: str, *, last_seq: int = 0) -> None:
        """Raises SocketClosed when the other side takes nothing for 30 seconds."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.websocket.send_text(text)
        except TimeoutError:
            raise SocketClosed(TOO_SLOW, f"too slow; last seq {last_seq}") from None

    async def check(self) -> None:
        """Raises SocketClosed when the server stops or the key is no longer good.

        Raises WebSocketDisconnect when nobody is there any more.
        """
        if self._left:
            raise WebSocketDisconnect(1005)
        if self.desk.wakeups.stopping:
            raise SocketClosed(RESTARTING, "the server is stopping")
        if not await self.desk.auth.still_valid(self.principal, self.rule):
            raise SocketClosed(UNAUTHENTICATED, "the key is no longer valid")

    @property
    def check_every_seconds(self) -> float:
        return self.desk.settings.key_check_every_seconds


@asynccontextmanager
async def open_socket(websocket: WebSocket, desk: Desk, rule: Rule) -> AsyncIterator[Socket]:
    """Accept, find out who it is, and close with the right code however the block ends.

    Incoming messages are answered meanwhile: `ping` with `pong`; anything else is ignored.
    """
    await websocket.accept()
    try:
        with _counted(desk):
            principal = await _principal(websocket, desk, rule)
            socket = Socket(websocket, desk, rule, principal)
            answering = asyncio.create_task(_answer(socket), name="messages of a socket")
            try:
                yield socket
            finally:
                answering.cancel()
    except SocketClosed as closed:
        await _close(websocket, closed.code, closed.reason)
    except (Unauthenticated, RateLimited) as error:
        await _close(websocket, UNAUTHENTICATED, error.message)
    except Forbidden as error:
        await _close(websocket, FORBIDDEN, error.message)
    except WebSocketDisconnect:
        pass
    except CasareError:
        await _close(websocket, OVERLOADED, "not now; try again later")


class _counted:
    """One of the sockets that are open; too many are told to come later."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def __enter__(self) -> None:
        if self._desk.open_sockets >= _MOST_SOCKETS:
            raise SocketClosed(OVERLOADED, "too many sockets are open")
        self._desk.open_sockets += 1

    def __exit__(self, *_: object) -> None:
        self._desk.open_sockets -= 1


async def _principal(websocket: WebSocket, desk: Desk, rule: Rule) -> Principal:
    given = key_in(websocket.headers) or websocket.scope.get(QUERY_KEY)
    if given is not None:
        return await desk.auth.principal(given, rule, address=address_of(websocket))
    first = await _first_message(websocket)
    if isinstance(ticket := first.get("ticket"), str):
        principal = desk.tickets.redeem(ticket)
        if principal is None or not await desk.auth.still_valid(principal, rule):
            raise Unauthenticated("the ticket is unknown, used or too old")
        check_role(principal, rule)
        return principal
    key = first.get("key")
    return await desk.auth.principal(
        key if isinstance(key, str) else None, rule, address=address_of(websocket)
    )


async def _first_message(websocket: WebSocket) -> dict[str, Any]:
    """`{"type": "auth", ...}` within ten seconds. Raises Unauthenticated."""
    try:
        async with asyncio.timeout(_AUTH_SECONDS):
            while (text := await _next_text(websocket)) == "ping":
                await websocket.send_text("pong")
            message = orjson.loads(text)
    except (TimeoutError, orjson.JSONDecodeError):
        message = None
    if not isinstance(message, dict) or message.get("type") != "auth":
        raise Unauthenticated("a key is needed: a header, or the first message")
    return message


async def _next_text(websocket: WebSocket) -> str:
    """The next text message; "" for a binary one. Raises WebSocketDisconnect."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    return message.get("text") or ""


async def _answer(socket: Socket) -> None:
    """Answer pings until the other side goes away, and note that."""
    try:
        while True:
            if await _next_text(socket.websocket) == "ping":
                await socket.websocket.send_text("pong")
    except (WebSocketDisconnect, RuntimeError, OSError):
        socket.leave()


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    if code == TOO_SLOW:
        # Whatever is sent now would wait behind what the other side does not read.
        give_up = websocket.scope.get(GIVE_UP)
        if give_up is not None:
            give_up(code, reason)
        return
    if websocket.application_state is not WebSocketState.CONNECTED:
        return
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await websocket.close(code, reason)
    except (RuntimeError, OSError, TimeoutError, WebSocketDisconnect):
        return  # the other side was faster
