"""The only way out for a browser whose run must not reach private addresses.

The browser is told to use this proxy for everything: pages, what they load, where they are
redirected to, sockets. Each host is looked up here, refused if any of its addresses is private, and
connected to at the address that was checked, so that a name that changes its address gains nothing.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes import _addresses
from casare_rpa.nodes.base import NodeError

_MOST_HEAD_BYTES = 64 << 10
_CHUNK_BYTES = 64 << 10
_CONNECT_SECONDS = 20.0
_HOP_HEADERS = (b"proxy-connection:", b"connection:", b"proxy-authorization:")


class Gate:
    """A proxy on loopback; `refused` says for which host it last kept the browser back."""

    def __init__(self, upstream: str, tell: Callable[[str], None]) -> None:
        """*upstream* is the URL of a proxy that the gate itself goes through, or empty."""
        self._upstream = _parsed(upstream) if upstream else None
        self._tell = tell
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.refused = ""

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await self._one(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await _head(reader)
        method, target, _version = head[0].split(b" ", 2)
        tunnel = method == b"CONNECT"
        parts = urlsplit(("//" if tunnel else "") + target.decode("ascii"))
        host, port = parts.hostname or "", parts.port or (443 if tunnel else 80)
        try:
            there = await self._connect(host, port)
        except (NodeError, OSError, TimeoutError) as error:
            self._note(host, error)
            if tunnel:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
            return
        if tunnel and self._upstream is None:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            goal = target if self._upstream else path.encode()
            there[1].write(self._asking(head, method, goal, tunnel=tunnel))
        await _both_ways((reader, writer), there)

    async def _connect(self, host: str, port: int) -> _Stream:
        addresses = await _addresses.public_addresses(host)
        async with asyncio.timeout(_CONNECT_SECONDS):
            if self._upstream is not None:
                return await asyncio.open_connection(*self._upstream[:2])
            for address in addresses[:-1]:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection(address, port)
            return await asyncio.open_connection(addresses[-1], port)

    def _asking(self, head: list[bytes], method: bytes, goal: bytes, *, tunnel: bool) -> bytes:
        kept = [line for line in head[1:] if not line.lower().startswith(_HOP_HEADERS)]
        if not tunnel:
            # One request a connection: the next one may be for another host.
            kept.append(b"Connection: close")
        if self._upstream is not None and self._upstream[2]:
            kept.append(b"Proxy-Authorization: Basic " + self._upstream[2])
        return b"\r\n".join((b" ".join((method, goal, b"HTTP/1.1")), *kept, b"", b""))

    def _note(self, host: str, error: Exception) -> None:
        if isinstance(error, NodeError) and error.error_code is ErrorCode.PERMISSION_DENIED:
            self.refused = error.message
            self._tell(f"the page was kept from {host}: {error.message}")


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _head(reader: asyncio.StreamReader) -> list[bytes]:
    """The lines of a request's head, the first one being the request."""
    lines: list[bytes] = []
    size = 0
    while line := (await reader.readuntil(b"\r\n")).removesuffix(b"\r\n"):
        size += len(line)
        if size > _MOST_HEAD_BYTES:
            raise ValueError("too long a head")
        lines.append(line)
    if not lines:
        raise ValueError("no request")
    return lines


async def _both_ways(here: _Stream, there: _Stream) -> None:
    """Pass bytes until one side has no more to say and the other is done."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_pass(here[0], there[1]))
            group.create_task(_pass(there[0], here[1]))
    except* OSError:
        pass
    finally:
        there[1].close()


async def _pass(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK_BYTES):
        target.write(chunk)
        await target.drain()
    with contextlib.suppress(OSError, RuntimeError):
        target.write_eof()


def _parsed(proxy: str) -> tuple[str, int, bytes]:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme != "http" or not parts.hostname:
        raise NodeError(
            "only a proxy at http:// can be used while private addresses are blocked",
            ErrorCode.CONFIG_INVALID,
        )
    login = b""
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        login = base64.b64encode(pair.encode())
    return parts.hostname, parts.port or 80, login
