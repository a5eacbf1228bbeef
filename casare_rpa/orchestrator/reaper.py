"""Looks for leases that ran out, so that the jobs of a lost robot go to the next one."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress

from casare_rpa.errors import CasareError
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.store import Reaped
from casare_rpa.store.clock import steady_clock
from casare_rpa.store.leases import RENEW_PART

log = logging.getLogger(__name__)

_HOUSEKEEP_EVERY_SECONDS = 3600.0


class Reaper:
    """One task, from the start of the server to its end."""

    def __init__(self, desk: Desk, on_broken: Callable[[str], None]) -> None:
        self._desk = desk
        self._on_broken = on_broken
        self._task: asyncio.Task[None] | None = None
        self._clock = steady_clock()

    async def start(self) -> None:
        """Give every live lease a full lease time again, then look every few seconds."""
        await self._excuse("the start")
        self._task = asyncio.create_task(self._run(), name="reaper")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        housekept = time.monotonic()
        while True:
            paused = await self._rest()
            try:
                if paused:
                    await self._excuse("a pause of this server")
                _log(await self._desk.call(self._desk.store.requeue_expired))
                if time.monotonic() - housekept > _HOUSEKEEP_EVERY_SECONDS:
                    housekept = time.monotonic()
                    await self._desk.call(self._desk.store.housekeep)
            except CasareError as error:
                log.error("looking for expired leases failed: %s", error)
            except Exception:  # the jobs of lost robots must not wait for a restart of the server
                log.exception("looking for expired leases failed")
            if reason := self._desk.store.broken:
                self._on_broken(reason)
                return

    async def _rest(self) -> bool:
        """Wait for the next look; whether it came so late that robots have missed a renewal."""
        settings, began = self._desk.settings, self._clock()
        await asyncio.sleep(settings.reap_every_seconds)
        late = self._clock() - began - settings.reap_every_seconds
        return late > settings.lease_seconds * RENEW_PART

    async def _excuse(self, why: str) -> None:
        """While the server was away no robot could renew; that is not the robots' fault."""
        extended = await self._desk.call(self._desk.store.extend_live_leases)
        if extended:
            log.info("extended %d leases after %s", extended, why)


def _log(reaped: Reaped) -> None:
    for job_id in reaped.requeued:
        log.warning("job %s lost its robot and is offered again", job_id)
    for job_id in reaped.failed:
        log.error("job %s lost its robot too often and is given up", job_id)
    for job_id in reaped.cancelled:
        log.warning("job %s lost its robot and is cancelled as asked", job_id)
