"""A connection as nodes hand it to each other: opened once, closed when the run ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import IN_TRANSACTION
from casare_rpa.nodes._threads import in_thread
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.database._address import Address
from casare_rpa.nodes.database._errors import node_error
from casare_rpa.nodes.database._session import Session
from casare_rpa.nodes.values.reading import missing, shown

T = TypeVar("T")

_KEY = "database_connections"
#: More open ones in a run are a loop that forgets to close them.
_MOST_OPEN = 50
#: How often, once a second, a running statement is asked to end before it is left to itself.
_STOP_TRIES = 5
_CLOSE_SECONDS = 10.0


class DatabaseConnection:
    """A session with a database that is opened again if it was lost between two statements.

    Statements run in threads, one at a time; branches that run side by side wait for each other.
    As text, and so in events and results, it is its address without a password.
    """

    __slots__ = ("_address", "_auto_commit", "_closed", "_ctx", "_lock", "_lost", "_session")

    def __init__(self, ctx: Context, address: Address, *, auto_commit: bool) -> None:
        self._ctx = ctx
        self._address = address
        self._auto_commit = auto_commit
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._closed = False
        #: A transaction is gone, with its connection or for a deadlock: until it is rolled back
        #: here too, statements that belong to it must not be committed one by one.
        self._lost = False

    def __str__(self) -> str:
        return str(self._address)

    __repr__ = __str__

    def failure(self, error: Exception, where: str = "") -> NodeError:
        """What *error* means for a node; *where* stands before its message."""
        if not isinstance(error, NodeError):
            return node_error(error, f"{where}{self}", self._address.password)
        if not where:
            return error
        return NodeError(where + error.message, error.error_code, business=error.business)

    async def open(self) -> None:
        """Connect. Raises NodeError that says why it failed."""
        async with self._lock:
            self._session = await self._connect()

    async def use(self, work: Callable[[Session], T]) -> T:
        """What *work* makes of the session, in a thread.

        Raises NodeError; its details say `in_transaction` if the statement was part of one. When
        the task is cancelled, the database is told to end the statement first.
        """
        async with self._lock:
            if self._closed:
                raise NodeError(f"{self} is closed: connect again", ErrorCode.INVALID_INPUT)
            if self._lost:
                raise NodeError(
                    f"{self}: the open transaction was lost: roll it back, and begin again",
                    ErrorCode.INVALID_INPUT,
                    details={IN_TRANSACTION: True},
                )
            if self._session is None:
                self._session = await self._connect()
            return await self._work(self._session, work)

    async def rollback(self) -> bool:
        """Roll back; False if nothing was open."""
        was_lost, self._lost = self._lost, False
        if self._session is None and not self._closed:
            return was_lost
        return await self.use(Session.rollback) or was_lost

    async def close(self) -> None:
        """Close for good; a transaction that is open is rolled back, which the log says."""
        async with self._lock:
            self._closed = True
            session, self._session = self._session, None
            if session is None:
                return
            done = _in_thread(session.close)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    if await asyncio.wrap_future(done):
                        self._ctx.log(f"{self}: the open transaction is rolled back", "warning")

    async def _connect(self) -> Session:
        address = self._address
        done = _in_thread(lambda: Session(address, self._may_open, auto_commit=self._auto_commit))
        try:
            async with asyncio.timeout(address.timeout_seconds):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            raise NodeError(
                f"{self}: no connection within {address.timeout_seconds:g} s; check host and port",
                ErrorCode.CONNECTION_TIMEOUT,
            ) from None
        except Exception as error:
            raise self.failure(error) from None
        finally:
            if not done.done():
                done.add_done_callback(_close_late)

    async def _work(self, session: Session, work: Callable[[Session], T]) -> T:
        inside = session.in_transaction
        done = _in_thread(lambda: work(session))
        try:
            return await asyncio.wrap_future(done)
        except asyncio.CancelledError:
            await self._stop(session, done, inside)
            raise
        except Exception as error:
            failure = self.failure(error)
            failure.details[IN_TRANSACTION] = inside
            if failure.error_code is ErrorCode.NETWORK_ERROR:
                self._session, self._lost = None, inside
                _in_thread(session.close)
            elif inside and session.undoes_transaction(error):
                self._lost = True
            raise failure from None if failure is error else error

    async def _stop(self, session: Session, done: Future[Any], inside: bool) -> None:
        """End what runs in *done*; a database that does not answer is not waited for."""
        ended = asyncio.wrap_future(done)
        for _ in range(_STOP_TRIES):
            stopping = asyncio.wrap_future(_in_thread(session.stop))
            await asyncio.wait([ended], timeout=1.0)
            stopping.add_done_callback(_forget)
            if ended.done():
                break
        ended.add_done_callback(_forget)
        if not done.done():
            self._session, self._lost = None, inside
            done.add_done_callback(lambda _: session.close())
            self._ctx.log(f"{self} does not answer and is left to itself", "warning")

    def _may_open(self, path: str) -> bool:
        try:
            # SQLite reads a relative name from where the process is, nodes from the run's folder.
            return self._ctx.path(path) == Path(path).absolute()
        except NodeError:
            return False


async def connect(ctx: Context, address: Address, *, auto_commit: bool) -> DatabaseConnection:
    """A connection that is open, and closed when the run ends. Raises NodeError."""
    opened: list[DatabaseConnection] = ctx.resources.setdefault(_KEY, [])
    if len(opened) >= _MOST_OPEN:
        raise NodeError(
            f"{len(opened)} connections are open in this run: close them with CloseDatabaseNode, "
            "or connect once, before the loop",
            ErrorCode.RESOURCE_EXHAUSTED,
        )
    connection = DatabaseConnection(ctx, address, auto_commit=auto_commit)
    await connection.open()
    opened.append(connection)
    ctx.on_close(connection.close)
    return connection


async def close(ctx: Context, connection: DatabaseConnection) -> None:
    """Close *connection* before the run ends."""
    opened: list[DatabaseConnection] = ctx.resources.get(_KEY, [])
    if connection in opened:
        opened.remove(connection)
    await connection.close()


def connection_of(ctx: Context, value: Any) -> DatabaseConnection:
    """The connection that a node was given: itself, or the name of a variable that holds it."""
    found = ctx.get_variable(value.strip(), value) if isinstance(value, str) else value
    if found is None or found == "":
        raise missing("connection")
    if not isinstance(found, DatabaseConnection):
        raise NodeError(
            f"connection: {shown(found)} is no open connection; give the port 'connection' of a "
            "DatabaseConnectNode that has run before",
            ErrorCode.TYPE_MISMATCH,
        )
    return found


def _in_thread(work: Callable[[], T]) -> Future[T]:
    return in_thread(work, "database")


def _close_late(done: Future[Session]) -> None:
    if done.exception() is None:
        done.result().close()


def _forget(done: asyncio.Future[Any]) -> None:
    """Whatever came of it: an exception that nobody asks for would be logged."""
    if not done.cancelled():
        done.exception()
