"""Looks for leases that ran out, so that the jobs of a lost robot go to the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from casare_rpa.errors import CasareError
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.orchestrator.duties.leadership import Leadership
from casare_rpa.store import Reaped
from casare_rpa.store.clock import steady_clock
from casare_rpa.store.operations.leases import RENEW_PART

log = logging.getLogger(__name__)

_HOUSEKEEP_EVERY_SECONDS = 3600.0
#: Soon after a start: a server that is restarted every hour has to tidy up as well.
_FIRST_HOUSEKEEPING_SECONDS = 60.0


class Reaper:
    """One task, from the start of the server to its end; it works while this server leads."""

    def __init__(
        self, desk: Desk, leadership: Leadership, on_broken: Callable[[str], None]
    ) -> None:
        self._desk = desk
        self._leadership = leadership
        self._on_broken = on_broken
        self._task: asyncio.Task[None] | None = None
        self._clock = steady_clock()
        #: Why leases may have grown old while no robot could renew; empty when they have not.
        self._gap = "the start"
        self._refusing = False
        self._housekeep_at = time.monotonic() + _FIRST_HOUSEKEEPING_SECONDS

    async def start(self) -> None:
        """Excuse the time before the start, then look every few seconds."""
        if self._leadership.leading:
            await self._excuse()
        self._task = asyncio.create_task(self._run(), name="reaper")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            if await self._rest():
                self._gap = "a pause of this server"
            await self._try_writing()
            if self._leadership.leading:
                await self._look()
            else:
                self._gap = "taking over"
            if reason := self._desk.store.broken:
                self._on_broken(reason)
                return

    async def _try_writing(self) -> None:
        """Whoever sends work here has been told not to: no call would prove that it goes again."""
        store = self._desk.store
        reason = store.refusing
        if reason is None or store.broken:
            self._refusing = False
        elif await self._desk.call(store.try_write):
            log.warning("the database takes writes again; this server is ready")
            self._refusing = False
        elif not self._refusing:
            log.error("this server is not ready: the database refuses writes: %s", reason)
            self._refusing = True

    async def _look(self) -> None:
        try:
            await self._excuse()
            _log(await self._desk.call(self._desk.store.requeue_expired))
            if time.monotonic() >= self._housekeep_at:
                self._housekeep_at = time.monotonic() + _HOUSEKEEP_EVERY_SECONDS
                await self._desk.call(self._desk.store.housekeep)
                await self._prune()
        except CasareError as error:
            self._gap = "failed looks"
            log.error("looking for expired leases failed: %s", error)
        except Exception:  # the jobs of lost robots must not wait for a restart of the server
            self._gap = "failed looks"
            log.exception("looking for expired leases failed")

    async def _prune(self) -> None:
        """Delete a part of what is too old; the next look goes on with it."""
        days = self._desk.settings.retention_days
        if not days:
            return
        store = self._desk.store
        if await self._desk.call(store.prune, older_than_seconds=days * 86400.0):
            self._housekeep_at = time.monotonic()

    async def _rest(self) -> bool:
        """Wait for the next look; whether it came so late that robots have missed a renewal."""
        settings, began = self._desk.settings, self._clock()
        await asyncio.sleep(settings.reap_every_seconds)
        late = self._clock() - began - settings.reap_every_seconds
        return late > settings.lease_seconds * RENEW_PART

    async def _excuse(self) -> None:
        """While no server answered no robot could renew; that is not the robots' fault."""
        if not self._gap:
            return
        extended = await self._desk.call(self._desk.store.extend_live_leases)
        if extended:
            log.info("extended %d leases after %s", extended, self._gap)
        self._gap = ""


def _log(reaped: Reaped) -> None:
    for job_id in reaped.requeued:
        log.warning("job %s lost its robot and is offered again", job_id)
    for job_id in reaped.failed:
        log.error("job %s lost its robot too often and is given up", job_id)
    for job_id in reaped.cancelled:
        log.warning("job %s lost its robot and is cancelled as asked", job_id)
