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

log = logging.getLogger(__name__)

_HOUSEKEEP_EVERY_SECONDS = 3600.0


class Reaper:
    """One task, from the start of the server to its end."""

    def __init__(self, desk: Desk, on_broken: Callable[[str], None]) -> None:
        self._desk = desk
        self._on_broken = on_broken
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Give every live lease a full lease time again, then look every few seconds.

        While the server was away no robot could renew; that is not the robots' fault.
        """
        extended = await self._desk.call(self._desk.store.extend_live_leases)
        if extended:
            log.info("extended %d leases after the start", extended)
        self._task = asyncio.create_task(self._run(), name="reaper")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        housekept = time.monotonic()
        while True:
            await asyncio.sleep(self._desk.settings.reap_every_seconds)
            try:
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


def _log(reaped: Reaped) -> None:
    for job_id in reaped.requeued:
        log.warning("job %s lost its robot and is offered again", job_id)
    for job_id in reaped.failed:
        log.error("job %s lost its robot too often and is given up", job_id)
    for job_id in reaped.cancelled:
        log.warning("job %s lost its robot and is cancelled as asked", job_id)
