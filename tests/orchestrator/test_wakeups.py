"""Bells: take, read, then wait, and nothing is missed."""

from __future__ import annotations

import asyncio

from casare_rpa.orchestrator.memory.wakeups import Bell, Wakeups, job_topic
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


def test_one_who_is_far_behind_hears_that_anything_may_have_changed() -> None:
    bell = Bell()
    for number in range(2000):
        bell.ring(Change(kind="queue", job_id=str(number)))
    bell.ring(Change(kind="robot", robot_id="r1"))
    changes = bell.take()
    assert len(changes) == 1001
    assert changes[-1] == Change(kind="any")
    assert bell.take() == []
