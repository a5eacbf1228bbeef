"""uvicorn's protocols, with an end for connections that do not send or do not take data.

A few thousand of either kind would hold as many buffers and file descriptors for ever: uvicorn
waits for a first request without limit, and closing a connection waits for what the other side
does not read, for as long as its machine answers.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

#: Time for the head of the first request of a connection.
HEAD_SECONDS = 20.0
#: Time that a closed connection gets to take what was sent before.
LINGER_SECONDS = 5.0

#: In the scope of a socket: a function (code, reason) that ends a connection that takes nothing.
GIVE_UP = "casare.give_up"


class RequestProtocol(HttpToolsProtocol):
    """One connection, as long as it carries requests."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.loop.call_later(HEAD_SECONDS, self._close_if_silent)

    def _close_if_silent(self) -> None:
        # After an upgrade the transport belongs to the socket's protocol.
        if self.cycle is None and self.transport.get_protocol() is self:
            self.transport.close()


class LiveSocketProtocol(WebSocketsSansIOProtocol):
    """One socket."""

    async def run_asgi(self) -> None:
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]
        scope[GIVE_UP] = self.give_up
        await super().run_asgi()

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
