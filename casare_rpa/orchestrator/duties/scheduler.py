"""Submits the jobs of schedules when their time has come."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress

from casare_rpa.errors import CasareError
from casare_rpa.orchestrator.deps import Desk
from casare_rpa.orchestrator.duties.leadership import Leadership
from casare_rpa.orchestrator.memory.wakeups import SCHEDULES
from casare_rpa.store import Fired, FiredSchedules

log = logging.getLogger(__name__)

#: The longest sleep: a machine that was suspended, or another server's change, is noticed by then.
_LOOK_EVERY_SECONDS = 10.0
#: The shortest: what is due and was not fired is another server's just now, or fails.
_REST_SECONDS = 0.5
#: How soon a server that begins to lead notices it.
_ASK_AGAIN_SECONDS = 1.0
_CLOCKS_DIFFER_SECONDS = 60.0


class Scheduler:
    """One task that sleeps until the next time, or until a schedule changes; on the leader.

    Several at once do no harm, for a time fires once whoever fires it: that one server does this
    for all is only thrift.
    """

    def __init__(self, desk: Desk, leadership: Leadership) -> None:
        self._desk = desk
        self._leadership = leadership
        self._task: asyncio.Task[None] | None = None
        self._told_seconds = 0.0

    async def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="scheduler")

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        with self._desk.wakeups.listen(SCHEDULES) as bell:
            while True:
                bell.take()
                leading = self._leadership.leading
                wait_seconds = await self._look() if leading else _ASK_AGAIN_SECONDS
                await bell.wait(wait_seconds)
                if self._desk.wakeups.stopping or self._desk.store.broken:
                    return

    async def _look(self) -> float:
        """Fire what is due; how long to sleep."""
        try:
            found = await self._desk.call(self._desk.store.fire_due)
        except CasareError as error:
            log.error("looking for due schedules failed: %s", error)
            return _REST_SECONDS
        except Exception:  # the schedules must not wait for a restart of the server
            log.exception("looking for due schedules failed")
            return _LOOK_EVERY_SECONDS
        self._compare_clocks(found)
        for fired in found.fired:
            _log(fired)
        if found.wait_seconds is None:
            return _LOOK_EVERY_SECONDS
        if found.wait_seconds == 0:
            return _REST_SECONDS
        return min(found.wait_seconds, _LOOK_EVERY_SECONDS)

    def _compare_clocks(self, found: FiredSchedules) -> None:
        """Say it when the machine's clock was set: schedules do not jump with it."""
        differ = round(time.time() - found.now)
        if abs(differ - self._told_seconds) < _CLOCKS_DIFFER_SECONDS:
            return
        self._told_seconds = differ
        log.warning(
            "this machine's clock is %+d s away from the one that schedules go by, which does not"
            " jump while the server runs; restart it if the new time is the right one",
            differ,
        )


def _log(fired: Fired) -> None:
    for job_id in fired.job_ids:
        log.info("schedule %s (%s): job %s is submitted", fired.schedule_id, fired.name, job_id)
    if fired.left_out:
        log.warning(
            "schedule %s (%s): %d times were missed and are left out",
            fired.schedule_id,
            fired.name,
            fired.left_out,
        )
    if fired.error is not None:
        log.error("schedule %s (%s) failed: %s", fired.schedule_id, fired.name, fired.error)
