"""A server on this machine that waits for one redirect, and is gone then."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import html
import secrets
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

#: Both that `localhost` may mean to a browser: the other would be free for a program that steals
#: the code. A machine has the first, and perhaps the second.
HOSTS: Final = ("127.0.0.1", "::1")
_NO_SUCH_ADDRESS = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
#: Of a request line with its headers; a browser's is far shorter.
_MOST_HEAD_BYTES = 64 << 10
_HEAD_SECONDS = 10.0
#: For a browser to take the page before the server goes.
_PAGE_SECONDS = 5.0
_ANSWERS = ("code", "access_token", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Which redirect is waited for. Without a `state` any is taken."""

    port: int
    path: str
    state: str


class _Page(Exception):
    """A request that is answered with a page and changes nothing."""

    def __init__(self, status: HTTPStatus, words: str, script: str = "") -> None:
        super().__init__(words)
        self.status, self.words, self.script = status, words, script


async def redirected(
    expected: Expected, seconds: float, warn: Callable[[str], None]
) -> Mapping[str, str]:
    """The query of the first redirect that answers, after its page was sent.

    It listens on HOSTS alone; when it returns or raises no socket is left. One with another `state`
    gets a page and is told to *warn*. Raises NodeError after *seconds*, and for a port that is
    taken on either.
    """
    listener = _Listener(expected, warn)
    servers = [await listener.server(bound) for bound in _bound(expected.port)]
    try:
        async with asyncio.timeout(seconds):
            for server in servers:
                await server.start_serving()
            return await listener.answer
    except TimeoutError:
        raise NodeError(
            f"no redirect to http://{HOSTS[0]}:{expected.port}{expected.path} within {seconds:g} s"
            + (f"; {listener.refused} came with another state" if listener.refused else ""),
            ErrorCode.TIMEOUT,
            hint="the redirect_uri of the sign-in has to name this port and path",
        ) from None
    finally:
        for server in servers:
            server.close()
        await listener.leave()


class _Listener:
    """What becomes of each connection."""

    def __init__(self, expected: Expected, warn: Callable[[str], None]) -> None:
        self._expected = expected
        self._warn = warn
        self._connections: set[asyncio.Task[None]] = set()
        self.answer: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()
        #: How many came with another state.
        self.refused = 0

    async def server(self, bound: socket.socket) -> asyncio.Server:
        """What takes the connections of *bound* once it starts serving. It does not wait."""
        return await asyncio.start_server(
            self._connect, sock=bound, limit=_MOST_HEAD_BYTES, start_serving=False
        )

    def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer), name="oauth2 redirect")
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def leave(self) -> None:
        """Close what browsers keep open."""
        tasks = tuple(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.answer.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found: Mapping[str, str] | None = None
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            try:
                found = self._asked(head)
                page = _answer_page(found)
            except _Page as other:
                page = other
            async with asyncio.timeout(_PAGE_SECONDS):
                await _send(writer, page)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a browser that opens connections ahead, or has gone: the answer counts
        finally:
            if not writer.is_closing():
                writer.transport.abort()
            if found is not None and not self.answer.done():
                self.answer.set_result(found)

    def _asked(self, head: bytes) -> Mapping[str, str]:
        """The query of the redirect. Raises _Page for any other request."""
        method, _, rest = head.decode("latin-1").partition(" ")
        target = urlsplit(rest.partition(" ")[0])
        if target.path != self._expected.path:
            raise _Page(HTTPStatus.NOT_FOUND, "There is nothing here.")
        if method != "GET":
            raise _Page(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET is answered here.")
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        if not any(name in query for name in _ANSWERS):
            # With response_type=token the answer is behind the #, which browsers keep from servers.
            raise _Page(HTTPStatus.OK, "Waiting for the sign-in.", _FRAGMENT_TO_QUERY)
        if self.answer.done():
            raise _Page(HTTPStatus.GONE, "The sign-in has been answered already.")
        self._check_state(query.get("state", ""))
        return query

    def _check_state(self, state: str) -> None:
        wanted = self._expected.state
        if not wanted or secrets.compare_digest(state.encode(), wanted.encode()):
            return
        self.refused += 1
        self._warn("a redirect came with another state and was refused; still waiting")
        raise _Page(
            HTTPStatus.BAD_REQUEST,
            "This answer does not belong to the sign-in that is waited for. Start it again.",
        )


#: Asks again with the answer in the query, and takes it out of the address bar.
_FRAGMENT_TO_QUERY = (
    "if (location.hash.length > 1)"
    " location.replace(location.pathname + '?' + location.hash.slice(1));"
)


def _bound(port: int) -> list[socket.socket]:
    """Sockets at *port* of those HOSTS that there are. Raises NodeError."""
    with contextlib.ExitStack() as opened:
        found = []
        for host in HOSTS:
            if bound := _socket(host, port):
                found.append(opened.enter_context(bound))
        opened.pop_all()
        return found


def _socket(host: str, port: int) -> socket.socket | None:
    """None for a machine without IPv6."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if family == socket.AF_INET6 and error.errno in _NO_SUCH_ADDRESS:
            return None
        if error.errno == errno.EADDRINUSE:
            raise NodeError(
                f"port {port} of {host} is taken by another program",
                ErrorCode.RESOURCE_LOCKED,
                hint="choose another port, here and in redirect_uri",
            ) from error
        raise NodeError(
            f"port {port} of {host} cannot be listened on: {error.strerror or error}",
            ErrorCode.PERMISSION_DENIED,
        ) from error


def _answer_page(query: Mapping[str, str]) -> _Page:
    if error := query.get("error"):
        return _Page(HTTPStatus.OK, f"The sign-in was refused: {error}. You can close this window.")
    return _Page(HTTPStatus.OK, "Signed in. You can close this window.")


async def _send(writer: asyncio.StreamWriter, page: _Page) -> None:
    nonce = secrets.token_urlsafe(16)
    script = f'<script nonce="{nonce}">{page.script}</script>' if page.script else ""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>casare-rpa</title>'
        f"<p>{html.escape(page.words)}</p>{script}</html>\n"
    ).encode()
    head = (
        f"HTTP/1.1 {page.status.value} {page.status.phrase}",
        "Content-Type: text/html; charset=utf-8",
        f"Content-Length: {len(body)}",
        f"Content-Security-Policy: default-src 'none'; script-src 'nonce-{nonce}'",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "Cache-Control: no-store",
        "Connection: close",
    )
    writer.write("\r\n".join((*head, "", "")).encode("latin-1") + body)
    await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
