"""An FTP session as the nodes of a run share it: found by itself, closed when the run ends."""

from __future__ import annotations

import asyncio
import ftplib
import time
from collections.abc import Callable
from typing import TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._lines import at_work, failure, reachable, without
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.ftp._client import Address, Client, NoTls

T = TypeVar("T")

#: Where the session is kept: a variable, so that branches that run side by side have their own.
VARIABLE = "_ftp_connection"
_KEY = "ftp_sessions"
_MOST_OPEN = 50
#: A server may have ended a session that was idle for longer.
_ASK_AFTER_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
_LOST = frozenset({ErrorCode.NETWORK_ERROR, ErrorCode.TIMEOUT})

#: What the answer of a server means, with the mend.
_REPLIES: dict[str, tuple[ErrorCode, str]] = {
    "421": (ErrorCode.NETWORK_ERROR, "the server ends the session; retry_count tries again"),
    "425": (ErrorCode.NETWORK_ERROR, "no data connection; try the other value of `passive`"),
    "426": (ErrorCode.NETWORK_ERROR, "the transfer was cut short"),
    "450": (ErrorCode.RESOURCE_LOCKED, "somebody else uses the file"),
    "451": (ErrorCode.NETWORK_ERROR, "the server had a failure of its own"),
    "452": (ErrorCode.DISK_FULL, "the server has no room left"),
    "500": (ErrorCode.NOT_IMPLEMENTED, "the server does not know this command"),
    "501": (ErrorCode.INVALID_INPUT, "the server does not take this name"),
    "502": (ErrorCode.NOT_IMPLEMENTED, "the server does not know this command"),
    "504": (ErrorCode.NOT_IMPLEMENTED, "the server does not know this command"),
    "522": (ErrorCode.SSL_ERROR, "the server wants TLS: set use_tls in FTPConnectNode"),
    "530": (ErrorCode.PERMISSION_DENIED, "check username and password"),
    "532": (ErrorCode.PERMISSION_DENIED, "this user may not store files"),
    "534": (ErrorCode.SSL_ERROR, "the server refuses this way of protection"),
    "550": (ErrorCode.RESOURCE_NOT_FOUND, "check the path, and what this user may do"),
    "552": (ErrorCode.DISK_FULL, "the room of this user is used up"),
    "553": (ErrorCode.INVALID_INPUT, "the server does not allow this name"),
}


class FtpSession:
    """One server, one command at a time; opened again if it was lost between two nodes.

    As text, and so in results, it is its address without a login.
    """

    __slots__ = ("_address", "_client", "_ctx", "_is_closed", "_lock", "_used")

    def __init__(self, ctx: Context, address: Address) -> None:
        self._ctx = ctx
        self._address = address
        self._client: Client | None = None
        self._is_closed = False
        self._lock = asyncio.Lock()
        self._used = 0.0

    def __str__(self) -> str:
        return str(self._address)

    __repr__ = __str__

    async def open(self) -> str:
        """Connect and log in; what the server said first. Raises NodeError."""
        async with self._lock:
            client = await self._connect()
            return str(client.welcome or "")

    async def use(self, work: Callable[[Client], T], what: str = "") -> T:
        """What *work* makes of the connection, in a thread; *what* names the path in messages."""
        async with self._lock:
            if self._is_closed:
                raise NodeError(f"{self} is closed: connect again", ErrorCode.INVALID_INPUT)
            client = await self._alive()
            try:
                return await at_work(client.line, lambda: work(client))
            except BaseException as error:
                if not isinstance(error, Exception):
                    self._drop()
                    raise
                found = self._failure(client, error, what)
                is_answer = isinstance(error, ftplib.error_perm | ftplib.error_temp)
                if found.error_code in _LOST or not is_answer:
                    self._drop()
                raise found from error
            finally:
                self._used = time.monotonic()

    async def close(self) -> None:
        """Close for good."""
        async with self._lock:
            self._is_closed = True
            client, self._client = self._client, None
            if client is None:
                return
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await at_work(client.line, client.leave)
            except TimeoutError:
                return

    async def _alive(self) -> Client:
        client = self._client
        if client is not None and time.monotonic() - self._used > _ASK_AFTER_SECONDS:
            try:
                await at_work(client.line, lambda: client.voidcmd("NOOP"))
            except (OSError, EOFError, ftplib.Error):
                self._drop()
                self._ctx.log(f"{self}: the session had ended; connecting again", "info")
        return self._client or await self._connect()

    async def _connect(self) -> Client:
        address = self._address
        line = await reachable(
            self._ctx, address.host, address.port, timeout_seconds=address.timeout_seconds
        )
        try:
            self._client = await at_work(line, lambda: Client(line, address))
        except NoTls as error:
            raise NodeError(
                f"{self}: the server does not offer TLS ({_said(error)}); use_tls is for servers"
                " that do",
                ErrorCode.SSL_ERROR,
            ) from error
        except ftplib.error_perm as error:
            said = without(str(error), address.password)
            raise NodeError(
                f"{self}: the login of {address.username!r} is refused: {said}; check username and"
                " password, and whether the server wants use_tls",
                ErrorCode.PERMISSION_DENIED,
            ) from error
        except ftplib.Error as error:
            raise self._of_reply(error, "") from error
        except (OSError, EOFError, UnicodeError) as error:
            raise failure(line, error) from error
        self._used = time.monotonic()
        return self._client

    def _failure(self, client: Client, error: Exception, what: str) -> NodeError:
        if isinstance(error, NodeError):
            return error
        if isinstance(error, ftplib.Error) and not isinstance(error, ftplib.error_proto):
            return self._of_reply(error, what)
        if isinstance(error, UnicodeEncodeError):
            words = f"the server has no letter {error.object[error.start]!r} for names"
            return NodeError(f"{self}{_at(what)}: {words}", ErrorCode.INVALID_INPUT)
        found = failure(client.line, error)
        return NodeError(f"{found.message}{_at(what)}", found.error_code)

    def _of_reply(self, error: Exception, what: str) -> NodeError:
        said = without(str(error), self._address.password)
        known = _REPLIES.get("550" if "no such" in said.lower() else said[:3])
        if known is None:
            known = (ErrorCode.NETWORK_ERROR if said[:1] == "4" else ErrorCode.API_ERROR, "")
        code, mend = known
        return NodeError(f"{self}{_at(what)}: {said}" + (f"; {mend}" if mend else ""), code)

    def _drop(self) -> None:
        """Forget a connection of which nobody knows what comes next on it."""
        client, self._client = self._client, None
        if client is not None:
            client.line.cut()
            client.close()
            client.line.hang_up()


async def opened(ctx: Context, address: Address) -> str:
    """Open a session that the nodes after this one find; what its server said first."""
    sessions: list[FtpSession] = ctx.resources.setdefault(_KEY, [])
    if len(sessions) >= _MOST_OPEN:
        raise NodeError(
            f"{len(sessions)} FTP sessions are open in this run: connect once, before the loop",
            ErrorCode.RESOURCE_EXHAUSTED,
        )
    session = FtpSession(ctx, address)
    message = await session.open()
    sessions.append(session)
    ctx.on_close(session.close)
    ctx.set_variable(VARIABLE, session)
    return message


async def ended(ctx: Context, session: FtpSession | None) -> None:
    """End *session*, if there is one."""
    if session is None:
        return
    sessions: list[FtpSession] = ctx.resources.get(_KEY, [])
    if session in sessions:
        sessions.remove(session)
    await session.close()
    if own(ctx) is session:
        ctx.set_variable(VARIABLE, None)


def own(ctx: Context) -> FtpSession | None:
    """The session that this branch has opened, or found open when it began."""
    session = ctx.get_variable(VARIABLE)
    return session if isinstance(session, FtpSession) else None


def current(ctx: Context) -> FtpSession | None:
    """The branch's own session, else the only one of the run: a subflow finds its caller's."""
    session = own(ctx)
    sessions: list[FtpSession] = ctx.resources.get(_KEY, [])
    return sessions[0] if session is None and len(sessions) == 1 else session


def session_of(ctx: Context) -> FtpSession:
    """The session that FTPConnectNode has opened. Raises NodeError if it has not run."""
    session = current(ctx)
    if session is None:
        raise NodeError(
            "no FTP session is open: an FTPConnectNode has to run before", ErrorCode.INVALID_INPUT
        )
    return session


def _at(what: str) -> str:
    return f" ({what})" if what else ""


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())
