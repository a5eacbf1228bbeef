"""Connections to servers that speak line by line (SMTP, IMAP, FTP), for libraries that block.

    line = await reachable(ctx, "mail.example.org", 993, timeout_seconds=30)
    found = await at_work(line, lambda: ask(line))

The work runs in a thread and gets its socket from `line.dial()`; when the run stops waiting, the
connection is cut under it, so that no thread stays behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._addresses import is_blocking, public_addresses
from casare_rpa.nodes._threads import in_thread
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.values.reading import int_within

T = TypeVar("T")

_NO_HOST = re.compile(r"[\s/@\x00-\x1f\x7f]")
_MOST_PORT = 65535
#: How long work whose connection was cut may take to put its files away.
_PUT_AWAY_SECONDS = 5.0


@dataclass(slots=True, kw_only=True)
class Line:
    """One connection to a server; `timeout_seconds` bounds each wait for it."""

    host: str
    port: int
    timeout_seconds: float
    #: What to connect to: the host, or the addresses that it had when they were checked.
    addresses: tuple[str, ...]
    is_open: bool = False
    is_cut: bool = False
    #: A second handle on each socket: libraries wrap and replace theirs.
    _handles: list[socket.socket] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def dial(self) -> socket.socket:
        """A socket that is connected. Raises OSError."""
        failed: OSError = ConnectionError("no address")
        for address in self.addresses:
            try:
                found = socket.create_connection((address, self.port), self.timeout_seconds)
            except OSError as error:
                failed = error
            else:
                self.is_open = True
                self.watch(found)
                return found
        raise failed

    def watch(self, connection: socket.socket) -> socket.socket:
        """Have *connection* cut, too, when this line is; the handle is for `release`."""
        handle = connection.dup()
        self._handles.append(handle)
        if self.is_cut:
            self.cut()
            connection.close()
            raise ConnectionAbortedError("the connection was cut")
        return handle

    def release(self, handle: socket.socket) -> None:
        """Let go of a connection that is over: only then the other side hears of its end."""
        if handle in self._handles:
            self._handles.remove(handle)
        handle.close()

    def secured(self, connection: socket.socket) -> ssl.SSLSocket:
        """TLS over *connection*, with a certificate that is for the host. Raises OSError."""
        return trusting().wrap_socket(connection, server_hostname=self.host)

    def cut(self) -> None:
        """Let whoever waits for the server fail at once. For any thread."""
        self.is_cut = True
        for handle in tuple(self._handles):
            with contextlib.suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Let go of the sockets; the library closes its own."""
        for handle in self._handles:
            handle.close()
        self._handles.clear()


def trusting() -> ssl.SSLContext:
    """TLS as HTTP nodes have it: who is trusted is said by SSL_CERT_FILE and SSL_CERT_DIR.

    Raises NodeError if that names no such file.
    """
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    try:
        return _trusting(file, folder)
    except OSError as error:
        raise NodeError(
            f"SSL_CERT_FILE: {file} holds no certificates (PEM): {error.strerror or error}",
            ErrorCode.CONFIG_INVALID,
        ) from error


@cache
def _trusting(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    import httpx  # noqa: PLC0415 - as long to load as the engine

    return httpx.create_ssl_context()


async def reachable(
    ctx: Context, host: Any, port: Any, *, timeout_seconds: Any, name: str = "host"
) -> Line:
    """A line to *host*, not yet connected; *name* is the parameter that it comes from.

    Raises NodeError for what is no host or port, and for a private address that this run must not
    reach: the addresses that were checked are those that are connected to.
    """
    text = str(host or "").strip()
    if not text:
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if _NO_HOST.search(text):
        raise NodeError(
            f"{name}: {text!r} is no host; give a name such as mail.example.org, without // and :",
            ErrorCode.INVALID_INPUT,
        )
    number = int_within(port, "port", 1, _MOST_PORT)
    seconds = float(timeout_seconds or 0)
    if seconds <= 0:
        raise NodeError("timeout must be more than 0 seconds", ErrorCode.VALUE_OUT_OF_RANGE)
    addresses = await public_addresses(text) if is_blocking(ctx) else [text]
    return Line(host=text, port=number, timeout_seconds=seconds, addresses=tuple(addresses))


async def at_work(line: Line, work: Callable[[], T]) -> T:
    """What *work* returns, in a thread; the line is cut when the task is cancelled."""
    done = in_thread(work, f"{line}")
    ended = asyncio.wrap_future(done)
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        line.cut()
        ended.add_done_callback(_forget)
        await asyncio.wait([ended], timeout=_PUT_AWAY_SECONDS)
        raise


def failure(line: Line, error: BaseException, mend: str = "") -> NodeError:
    """What went wrong on the way to the server or with its certificate, as a NodeError."""
    if isinstance(error, NodeError):
        return error
    code, words = _of_connection(line, error)
    end = f"; {mend}" if mend else ""
    return NodeError(f"{line}: {words}{end}", code)


def _of_connection(line: Line, error: BaseException) -> tuple[ErrorCode, str]:
    chain = [error, error.__cause__, error.__context__]
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return ErrorCode.SSL_ERROR, (
                f"its certificate is refused: {cause.verify_message or cause}; the file of an"
                " authority of your own is named by SSL_CERT_FILE"
            )
        if isinstance(cause, TimeoutError):
            seconds = f"{line.timeout_seconds:g} s"
            if not line.is_open:
                said = f"no connection within {seconds}; check host and port"
                return ErrorCode.CONNECTION_TIMEOUT, said
            return (
                ErrorCode.TIMEOUT,
                f"no answer within {seconds}; check port and TLS, or wait more",
            )
        if isinstance(cause, ssl.SSLError) and not isinstance(cause, ssl.SSLEOFError):
            reason = (cause.reason or str(cause)).replace("_", " ").lower()
            return (
                ErrorCode.SSL_ERROR,
                f"TLS failed: {reason}; check the port, and whether it is TLS",
            )
        if isinstance(cause, socket.gaierror) or (
            isinstance(cause, UnicodeError) and not line.is_open
        ):
            return ErrorCode.DNS_LOOKUP_FAILED, "the host cannot be found; check its name"
        if isinstance(cause, ConnectionRefusedError):
            said = "connection refused; check host and port, and that the server runs"
            return ErrorCode.CONNECTION_REFUSED, said
    if not line.is_open:
        return ErrorCode.NETWORK_ERROR, f"no connection: {_words(error)}"
    return ErrorCode.NETWORK_ERROR, f"the connection was lost: {_words(error)}"


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def without(text: str, password: str) -> str:
    """*text* of a server in one line, without the password that it may repeat."""
    said = " ".join(text.split())
    return said.replace(password, "***") if len(password) >= 4 else said


def _forget(done: asyncio.Future[Any]) -> None:
    """Whatever came of it: an exception that nobody asks for would be logged."""
    if not done.cancelled():
        done.exception()
