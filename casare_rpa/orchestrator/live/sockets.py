"""What every live socket does: says who it is, is told when to stop, never holds up the others.

Close codes beyond those of the WebSocket standard:

4401 the key is missing, wrong, expired or revoked
4403 the key's role does not allow it, or it is another robot's
4404 there is no such job
4408 nothing could be sent for 30 seconds; the reason names the last seq
4410 the job is older than what is kept
4409 the job's history is shorter than `after` says; start again from the beginning
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from uvicorn.protocols.utils import ClientDisconnected

from casare_rpa.errors import (
    CasareError,
    Forbidden,
    RateLimited,
    TooManySockets,
    Unauthenticated,
)
from casare_rpa.orchestrator.access.auth import Principal, key_in
from casare_rpa.orchestrator.access.rules import Rule
from casare_rpa.orchestrator.deps import Desk, address_of
from casare_rpa.orchestrator.memory.known_keys import MEMORY_PART
from casare_rpa.orchestrator.memory.open_sockets import NOBODY
from casare_rpa.orchestrator.memory.pages import Page
from casare_rpa.orchestrator.memory.wakeups import Bell, key_topic
from casare_rpa.orchestrator.requests.limits import QUERY_KEY
from casare_rpa.orchestrator.requests.protocols import GIVE_UP, SEND_FRAMES

UNAUTHENTICATED = 4401
FORBIDDEN = 4403
UNKNOWN = 4404
TOO_SLOW = 4408
SHORTER_HISTORY = 4409
DELETED = 4410
RESTARTING = 1012
OVERLOADED = 1013

#: Time for the first message when no key came with the request.
_AUTH_SECONDS = 10.0
SEND_SECONDS = 30.0


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

    async def send(self, text: str) -> None:
        """Raises SocketClosed when the other side takes nothing for 30 seconds."""
        with _taken():
            async with asyncio.timeout(SEND_SECONDS):
                await self.websocket.send_text(text)

    async def send_page(self, page: Page, *, seen: int) -> None:
        """Send all messages of *page* to one who has those up to *seen*. Raises as `send` does."""
        send_frames = self.websocket.scope.get(SEND_FRAMES)
        with _taken(f"; last seq {seen}"):
            if send_frames is not None:
                await send_frames(page.frames, SEND_SECONDS)
                return
            for text in page.texts:
                await self.send(text.decode())

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
        # What is known of the key may itself be some of that time old.
        return self.desk.settings.key_check_every_seconds * (1 - MEMORY_PART)


@contextmanager
def _taken(story: str = "") -> Iterator[None]:
    """What a message that nobody takes means for the socket."""
    try:
        yield
    except TimeoutError:
        raise SocketClosed(TOO_SLOW, f"too slow{story}") from None
    except ClientDisconnected:
        raise WebSocketDisconnect(1006) from None


async def serve_socket(
    websocket: WebSocket, desk: Desk, rule: Rule, talk: Callable[[Socket], Awaitable[None]]
) -> None:
    """Accept, find out who it is, let *talk* speak, and close with the right code however it ends.

    Incoming messages are answered meanwhile: `ping` with `pong`; anything else is ignored.
    """
    await websocket.accept()
    try:
        principal = await _principal(websocket, desk, rule)
        with desk.open_sockets.one(principal.key_id):
            await _talk(Socket(websocket, desk, rule, principal), talk)
    except SocketClosed as closed:
        await _close(websocket, closed.code, closed.reason)
    except (Unauthenticated, RateLimited) as error:
        await _close(websocket, UNAUTHENTICATED, error.message)
    except Forbidden as error:
        await _close(websocket, FORBIDDEN, error.message)
    except WebSocketDisconnect:
        pass
    except TooManySockets as error:
        await _close(websocket, OVERLOADED, error.message)
    except CasareError:
        await _close(websocket, OVERLOADED, "not now; try again later")


async def _talk(socket: Socket, talk: Callable[[Socket], Awaitable[None]]) -> None:
    answering = asyncio.create_task(_answer(socket), name="messages of a socket")
    try:
        await talk(socket)
    finally:
        answering.cancel()


async def _principal(websocket: WebSocket, desk: Desk, rule: Rule) -> Principal:
    given = key_in(websocket.headers) or websocket.scope.get(QUERY_KEY)
    if given is not None:
        return await desk.auth.principal(given, rule, address=address_of(websocket))
    with desk.open_sockets.one(NOBODY):
        first = await _first_message(websocket)
    if isinstance(ticket := first.get("ticket"), str):
        key_id = await desk.tickets.redeem(ticket)
        if key_id is None:
            raise Unauthenticated("the ticket is unknown, used or too old")
        return await desk.auth.holder(key_id, rule)
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
