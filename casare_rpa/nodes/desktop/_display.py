"""The display as the nodes of one run share it: one connection, one call at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from casare_rpa import desktop_display
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._threads import in_thread
from casare_rpa.nodes.base import Context, NodeError
from casare_rpa.nodes.desktop import _claim
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._errors import is_answer, raise_as_node_error
from casare_rpa.nodes.desktop._held import Held
from casare_rpa.nodes.desktop._watch import Watch

T = TypeVar("T")

_KEY: Final = "desktop"
#: An X server answers within milliseconds; one that takes this long is stopped or far away.
_ANSWER_SECONDS: Final = 15.0
_GRACE_SECONDS: Final = 3.0
#: What a key gives, programs look up when they come to it: until then it must not change.
READ_SECONDS: Final = 0.3


class Desktop:
    """The robot's display. What a run leaves pressed or changed is put right when it ends."""

    #: A run that goes on elsewhere would not find its windows.
    lasts_for_the_run: Final = True

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._connection: Connection | None = None
        self._dropped = 0
        self._looked_for_wayland = False
        self._one_call = asyncio.Lock()
        self._claiming = asyncio.Lock()
        #: Whoever moves the pointer or types has both for itself until it is done.
        self.hands = asyncio.Lock()
        self.held = Held()
        self.name = desktop_display.display_name()

    async def use(self, work: Callable[[Connection], T]) -> T:
        """What *work* makes of the connection, in a thread.

        When the task is cancelled it is waited for, so that nothing happens afterwards.
        Raises NodeError.
        """
        async with self._one_call:
            call = in_thread(lambda: self._work(work), "desktop")
            try:
                await _settled(call, _ANSWER_SECONDS)
            except asyncio.CancelledError:
                await _settled(call, _GRACE_SECONDS)
                if not call.done():
                    self._drop()
                raise
            if not call.done():
                self._drop()
                raise NodeError(
                    f"the X server of {self.name} did not answer within {_ANSWER_SECONDS:g} s",
                    ErrorCode.APPLICATION_NOT_RESPONDING,
                )
            error = call.exception()
            if error is not None:
                if not is_answer(error):
                    self._drop()
                raise_as_node_error(error, self.name)
            self._tell_of_wayland()
            return call.result()

    async def until(self, check: Callable[[Connection], T | None], seconds: float) -> T | None:
        """What *check* first returns that is not None, as windows come and change; None: too late.

        *check* is called at once, and whenever the server tells of a change.
        """
        watch = Watch(check)
        try:
            async with asyncio.timeout(seconds):
                return await watch.found()
        except TimeoutError:
            return None
        except Exception as error:
            raise_as_node_error(error, self.name)
        finally:
            watch.close()

    async def drive(self) -> None:
        """Wait until no other run drives the display, and keep others away until this one ends."""
        async with self._claiming:
            told = False
            while await self.use(_claim.taken_by_another):
                if not told:
                    self._ctx.log(f"waits: another run drives the display {self.name}", "warning")
                told = True
                await self.until(_claim.free, _ANSWER_SECONDS)
            if left := await self.use(self.held.from_before):
                self._ctx.log(f"released what an earlier run had left pressed: {left}", "warning")

    async def close(self) -> None:
        """Release what is pressed, put the keyboard right, end the connection. Never raises."""
        if self._connection is not None or self.held.anything:
            if self.held.rows:
                await asyncio.sleep(READ_SECONDS)
            with contextlib.suppress(NodeError):
                await self.use(self.held.let_go)
        self._drop()

    def _work(self, work: Callable[[Connection], T]) -> T:
        connection = self._connection
        if connection is None:
            dropped = self._dropped
            connection = Connection()
            if self._dropped != dropped:
                connection.close()
                raise NodeError("nobody waits for it any more", ErrorCode.CANCELLED)
            self._connection = connection
        connection.forget_errors()
        result = work(connection)
        connection.settle()
        return result

    def _tell_of_wayland(self) -> None:
        if self._connection is None or self._looked_for_wayland:
            return
        self._looked_for_wayland = True
        if self._connection.display.has_extension("XWAYLAND"):
            self._ctx.log(
                f"{self.name} belongs to a Wayland session: programs that do not use X11 are"
                " neither seen nor reached",
                "warning",
            )

    def _drop(self) -> None:
        """Forget a connection of which nobody knows what comes next on it."""
        self._dropped += 1
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def desktop(ctx: Context) -> Desktop:
    """The display of the run, let go of when the run ends."""
    found = ctx.resources.get(_KEY)
    if not isinstance(found, Desktop):
        found = ctx.resources[_KEY] = Desktop(ctx)
        ctx.on_close(found.close)
    return found


async def _settled(call: Future[Any], seconds: float) -> None:
    """Wait until *call* is done, at most *seconds*; its outcome is left in it."""
    waiter = asyncio.wrap_future(call)
    waiter.add_done_callback(lambda done: done.cancelled() or done.exception())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.wait({waiter})
