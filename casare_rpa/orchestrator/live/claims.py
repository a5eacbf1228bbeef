"""Claims that wait: many robots are woken by one job, and only one of them can have it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from casare_rpa.errors import CasareError, NotFound
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.store import Change
from casare_rpa.wire import Grant, LeaseProof

log = logging.getLogger(__name__)

#: Robots that ask at the same time after a wake-up; the others ask when these are done.
_AT_ONCE = 4
#: How long an empty queue is believed to be empty when nobody says that it changed.
_BELIEVE_SECONDS = 5.0


class ClaimTurns:
    """Lets waiting robots ask a few at a time, and not at all while the queue is known to be empty.

    The first ask of a call always reaches the store: its claim_id may have a grant already.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._empty_at = -1
        self._empty_since = -_BELIEVE_SECONDS

    async def ask_again(
        self, robot_id: str, claim_id: str, environment: str | None, changes: Sequence[Change]
    ) -> Grant | None:
        """Claim after *changes* woke the robot; none means that it looks by itself."""
        queue_only = all(change.kind == "queue" for change in changes)
        async with self._turns:
            seen = self._desk.wakeups.queue_changes
            if queue_only and self._is_empty(seen, woken=bool(changes)):
                return None
            grant = await claim_now(self._desk, robot_id, claim_id, environment)
            if grant is None and queue_only and not await self._has_pending():
                # A job that comes after this look is announced after it, and wakes all again.
                self._empty_at, self._empty_since = seen, time.monotonic()
            return grant

    async def _has_pending(self) -> bool:
        return await self._desk.call(self._desk.store.has_pending)

    def _is_empty(self, seen: int, *, woken: bool) -> bool:
        if self._empty_at != seen:
            return False
        # Behind the wake-ups one robot looks for all: another server's may not have come.
        return woken or time.monotonic() - self._empty_since < _BELIEVE_SECONDS


async def claim_now(
    desk: Desk, robot_id: str, claim_id: str, environment: str | None
) -> Grant | None:
    """Ask the store once. A robot that never registered is made known by its key."""
    try:
        return await desk.call(
            desk.store.claim, robot_id, claim_id=claim_id, environment=environment
        )
    except NotFound:
        await desk.call(desk.store.renew, robot_id)
        return await desk.call(
            desk.store.claim, robot_id, claim_id=claim_id, environment=environment
        )


async def is_resting(desk: Desk, robot_id: str) -> bool:
    """Whether waiting makes no sense because the robot gets no jobs."""
    return await desk.call(desk.store.is_resting, robot_id)


async def give_back(desk: Desk, robot_id: str, grant: Grant) -> None:
    """Release a grant that nobody took and nobody can ask for again."""
    proof = LeaseProof(attempt=grant.attempt, lease_token=grant.lease_token)
    try:
        await desk.call(desk.store.release, robot_id, grant.job_id, proof, reason="not taken")
    except CasareError as error:
        log.warning("job %s was granted to nobody: %s; its lease runs out", grant.job_id, error)
