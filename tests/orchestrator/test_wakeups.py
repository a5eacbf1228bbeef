"""Bells: take, read, then wait, and nothing is missed."""

from __future__ import annotations

import asyncio

from casare_rpa.orchestrator.memory.wakeups import Wakeups, job_topic
from casare_rpa.store import Change

CHANGE = Change(kind="events", job_id="a", last_seq=1)


def test_a_taken_bell_is_silent_until_something_changes() -> None:
    async def scenario() -> None:
        wakeups = Wakeups()
        wakeups.bind(asyncio.get_running_loop())
        with wakeups.listen(job_topic("a")) as bell:
            wakeups.notify(CHANGE)
            assert await bell.wait(60)
            assert bell.take() == [CHANGE]
            assert not await bell.wait(0.05)
            wakeups.notify(CHANGE)
            assert await bell.wait(60)

    asyncio.run(scenario())


def test_what_changes_between_reading_and_waiting_is_not_missed() -> None:
    async def scenario() -> None:
        wakeups = Wakeups()
        wakeups.bind(asyncio.get_running_loop())
        with wakeups.listen(job_topic("a")) as bell:
            bell.take()
            wakeups.notify(CHANGE)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert await bell.wait(60)

    asyncio.run(scenario())
