"""uvicorn's protocols, with an end for connections that do not send or do not take data.

A few thousand of either kind would hold as many buffers and file descriptors for ever: uvicorn
waits for the head of a request without limit of time or size, and closing a connection waits for
what the other side does not read, for as long as its machine answers.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from casare_rpa import errors
from casare_rpa.orchestrator.requests.problems import headers_of, new_request_id, problem_body

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

#: Time for the head of a request from its first byte; for the first one from the connection.
HEAD_SECONDS = 20.0
#: Largest head of a request: its line and its headers.
HEAD_BYTES = 64 << 10
#: Time that a closed connection gets to take what was sent before.
LINGER_SECONDS = 5.0

#: In the scope of a socket: a function (code, reason) that ends a connection that takes nothing.
GIVE_UP = "casare.give_up"
#: In the scope of a socket: a coroutine (bytes, patience in seconds), which sends whole frames.
SEND_FRAMES = "casare.send_frames"


class RequestProtocol(HttpToolsProtocol):
    """One connection, as long as it carries requests."""

    _in_head = False
    _head_bytes = 0
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return  # refused already: what is still on its way is of no interest
        self._head_bytes += len(data) * self._in_head
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._refuse(_head_too_large())
        elif self._is_idle():
            self._await_request()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > HEAD_BYTES:
            self._refuse(_head_too_large())
            return
        self._stop_waiting()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        if not self.transport.is_closing():
            super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:
        self._refuse(errors.BadRequest("this is no HTTP request that can be understood"))

    def _is_idle(self) -> bool:
        """Whether no request is being answered; after an upgrade the transport is not ours."""
        mine = not self.transport.is_closing() and self.transport.get_protocol() is self
        return mine and (self.cycle is None or self.cycle.response_complete)

    def _await_request(self) -> None:
        """Whatever comes now must become a request in time, however slowly it comes."""
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self._request_is_late)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _request_is_late(self) -> None:
        self._waiting = None
        if not self._is_idle():
            return
        if self._in_head:
            self._refuse(errors.RequestTimeout("the head of the request did not arrive in time"))
        else:
            self.transport.close()

    def _refuse(self, error: errors.CasareError) -> None:
        """Answer *error* without asking the application, unless it is answering, and close."""
        if self._is_idle():
            self.transport.write(_answer(error))
        self.transport.close()


def _head_too_large() -> errors.HeadTooLarge:
    return errors.HeadTooLarge(f"the head of the request is larger than {HEAD_BYTES:,} bytes")


def _answer(error: errors.CasareError) -> bytes:
    request_id = new_request_id()
    body = orjson.dumps(problem_body(error, request_id))
    lines = [
        f"HTTP/1.1 {error.http_status} {HTTPStatus(error.http_status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {request_id}",
        *(f"{name}: {value}" for name, value in headers_of(error).items()),
        "Connection: close",
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body


class LiveSocketProtocol(WebSocketsSansIOProtocol):
    """One socket."""

    async def run_asgi(self) -> None:
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[GIVE_UP] = self.give_up
        scope[SEND_FRAMES] = self.send_frames
        await super().run_asgi()

    async def send(self, message: ASGISendEvent) -> None:
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            # A refusal is an answer, too; uvicorn would log an error for each, whoever sends it.
            self.handshake_complete = True

    async def send_frames(self, frames: bytes, patience_seconds: float) -> None:
        """Send what others get, too, without building it again; waits while it piles up here.

        Raises TimeoutError when the other side takes nothing for *patience_seconds*, and
        ClientDisconnected when nobody is there any more.
        """
        while not self.writable.is_set():
            left = self.transport.get_write_buffer_size()
            with suppress(TimeoutError):
                async with asyncio.timeout(patience_seconds):
                    await self.writable.wait()
            if not self.writable.is_set() and self.transport.get_write_buffer_size() >= left:
                raise TimeoutError
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frames)

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def give_up(self, code: int, reason: str) -> None:
        """Close without waiting for what was sent before; the other side may still read it."""
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            return
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()
