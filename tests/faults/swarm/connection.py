"""One keep-alive connection to an orchestrator, cheap enough to have a thousand of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def retry_after_seconds(self) -> float | None:
        text = self.headers.get("retry-after")
        return float(text) if text is not None else None


class Connection(asyncio.Protocol):
    """`request` sends one request and waits for its answer; reconnects by itself."""

    def __init__(self, url: str, key: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._head = (
            f"Host: {address.netloc}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\n"
        )
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._lock = asyncio.Lock()

    async def request(
        self, method: str, path: str, body: Any = None, *, headers: str = "", seconds: float = 60.0
    ) -> Answer:
        """Raises OSError (TimeoutError among them) when no whole answer came."""
        data = b"" if body is None else orjson.dumps(body)
        head = (
            f"{method} {path} HTTP/1.1\r\n{self._head}{headers}Content-Length: {len(data)}\r\n\r\n"
        )
        async with self._lock:
            if self._transport is None or self._transport.is_closing():
                await self._connect()
            assert self._transport is not None
            self._begin()
            assert self._waiter is not None
            self._transport.write(head.encode() + data)
            try:
                async with asyncio.timeout(seconds):
                    return await self._waiter
            except (TimeoutError, asyncio.CancelledError):
                self.close()
                raise

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            await loop.create_connection(lambda: self, self._host, self._port)

    def _begin(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._headers: dict[str, str] = {}

    # what the transport and the parser call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(OSError(f"not HTTP: {error}"))

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(ConnectionResetError("the connection was closed"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        text = b"".join(self._body)
        if self._waiter is not None and not self._waiter.done():
            status = self._parser.get_status_code()
            self._waiter.set_result(
                Answer(status, orjson.loads(text) if text else None, self._headers)
            )

    def _fail(self, error: OSError) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)
