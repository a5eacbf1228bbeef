"""Who leads: of several orchestrators on one database, one reaps and fires schedules."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from casare_rpa.errors import CasareError
from casare_rpa.orchestrator.deps import Desk

log = logging.getLogger(__name__)

_ASK_EVERY_SECONDS = 1.0
#: Without a new proof for so long this server no longer takes itself for the leader.
_PROOF_SECONDS = 10.0


class Leadership:
    """Asks the store every second. The first server to ask leads; when it dies, another does.

    Two may lead for some seconds, when one was stopped and has not noticed yet: whatever leaders
    do must be safe to do twice.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._task: asyncio.Task[None] | None = None
        self._proven_at = float("-inf")
        self._led = False

    @property
    def leading(self) -> bool:
        return time.monotonic() - self._proven_at < _PROOF_SECONDS

    async def start(self) -> None:
        """Know it before the first request is answered."""
        await self._ask()
        self._task = asyncio.create_task(self._run(), name="leadership")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_ASK_EVERY_SECONDS)
            await self._ask()

    async def _ask(self) -> None:
        asked_at = time.monotonic()
        try:
            leads = await self._desk.call(self._desk.store.lead)
        except CasareError as error:
            log.error("asking who leads failed: %s", error)
            leads = False
        except Exception:  # a fleet without a leader loses no lease and fires no schedule
            log.exception("asking who leads failed")
            leads = False
        self._proven_at = asked_at if leads else float("-inf")
        if leads != self._led:
            self._led = leads
            log.info("this server leads" if leads else "this server leads no longer")
