"""The fleet's figures, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from casare_rpa.wire import RobotRegistration
from tests.contract.world import World


def test_an_empty_store_has_no_queues(world: World) -> None:
    found = world.store.stats(window_seconds=60)
    assert (found.queues, found.running, found.delayed) == ([], 0, 0)
    assert set(found.ended.model_dump().values()) == {0}
    assert found.ended_is_exact


def test_queues_are_told_by_environment_and_robot_whatever_tags_are_wanted(world: World) -> None:
    began = world.clock.now
    world.submit()
    world.clock.advance(10)
    world.submit(tags=["gpu"])
    world.submit(environment="test")
    world.submit(robot_id="r9", environment="test")
    later = datetime.fromtimestamp(world.clock.now, UTC) + timedelta(hours=1)
    world.submit(not_before=later)
    found = world.store.stats(window_seconds=60)
    told = [(q.environment, q.robot_id, q.pending) for q in found.queues]
    assert told[0] == ("default", None, 2)
    assert set(told[1:]) == {("test", None, 1), (None, "r9", 1)}
    assert found.queues[0].oldest_created_at.timestamp() == began
    assert (found.delayed, found.running) == (1, 0)
    assert found.at.timestamp() == world.clock.now


def test_what_runs_and_what_ended_within_the_window_is_counted(world: World) -> None:
    world.finish(world.running(), "completed")
    world.clock.advance(100)
    world.store.register(RobotRegistration(robot_id="r2", name="r2", hostname="h"))
    for status in ("completed", "completed", "failed", "timeout"):
        world.finish(world.running(), status)
    world.running("r2")
    world.store.cancel(world.submit().job_id)
    ended = world.store.stats(window_seconds=60).ended
    assert (ended.completed, ended.failed, ended.timeout, ended.cancelled) == (2, 1, 1, 1)
    assert world.store.stats(window_seconds=3600).ended.completed == 3
    assert world.store.stats(window_seconds=60).running == 1
