"""What the store tells about robots."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.errors import Conflict, NotFound
from casare_rpa.wire import RobotChange, RobotStatusChange
from tests.contract.world import World


def test_a_registered_robot_is_idle_and_complete(world: World) -> None:
    about = {"capabilities": ["browser"], "tags": ["gpu"], "environment": "lab", "version": "1"}
    world.robot("new", **about, max_concurrent_jobs=3)
    robot = world.store.robot("new")
    assert (robot.status, robot.name, robot.draining) == ("idle", "Robot new", False)
    assert robot.model_dump().items() >= about.items()
    assert robot.max_concurrent_jobs == 3
    assert robot.last_heartbeat is not None


def test_a_robot_with_a_job_is_busy(world: World) -> None:
    grant = world.running()
    robot = world.store.robot("r1")
    assert (robot.status, robot.current_job_ids) == ("busy", [grant.job_id])
    world.finish(grant)
    assert world.store.robot("r1").status == "idle"


def test_a_silent_robot_is_shown_as_offline_until_it_is_heard_of(world: World) -> None:
    world.clock.advance(world.settings.robot_offline_seconds + 1)
    assert world.store.robot("r1").status == "offline"
    assert world.store.health().robots_online == 0
    world.store.renew("r1")
    assert world.store.robot("r1").status == "idle"
    assert world.store.health().robots_online == 1


def test_a_robot_that_signed_off_is_online_again_with_its_next_heartbeat(world: World) -> None:
    robot = world.store.set_robot_status("r1", RobotStatusChange(status="offline"))
    assert robot.status == "offline"
    world.store.renew("r1")
    assert world.store.robot("r1").status == "idle"


def test_a_heartbeat_of_an_unknown_robot_creates_it(world: World) -> None:
    assert not world.store.renew("stranger", figures={"cpu_percent": 1}).draining
    robot = world.store.robot("stranger")
    assert (robot.status, robot.metrics) == ("idle", {"cpu_percent": 1})


def test_the_newest_figures_are_shown_and_kept_over_a_restart(world: World) -> None:
    for percent in range(5):
        world.clock.advance(1)
        world.store.renew("r1", figures={"cpu_percent": percent})
        assert world.store.robot("r1").metrics == {"cpu_percent": percent}
    seen = world.store.robot("r1").last_seen
    world.restart()
    assert world.store.robot("r1").metrics == {"cpu_percent": 4}
    assert world.store.robot("r1").last_seen == seen


def test_heartbeats_with_nothing_new_wake_nobody(world: World) -> None:
    world.store.renew("r1", figures={})
    world.changes.clear()
    for _ in range(20):
        world.clock.advance(1)
        world.store.renew("r1", figures={"cpu_percent": 1})
    assert world.changes == []


def test_a_heartbeat_tells_a_robot_to_drain(world: World) -> None:
    assert not world.store.renew("r1").draining
    world.store.set_robot_status("r1", RobotStatusChange(status="idle", draining=True))
    assert world.store.renew("r1").draining


def test_a_new_start_ends_the_drain_but_not_the_pause(world: World) -> None:
    world.robot("r1", boot_id="one")
    world.store.set_robot_status("r1", RobotStatusChange(status="paused", draining=True))
    assert world.robot("r1", boot_id="one").draining
    robot = world.robot("r1", boot_id="two")
    assert (robot.draining, robot.status) == (False, "maintenance")


def test_the_newest_start_speaks_for_the_robot(world: World) -> None:
    world.robot("r1", boot_id="one")
    world.store.renew("r1", boot_id="one")
    world.robot("r1", boot_id="two")
    with pytest.raises(Conflict):
        world.store.renew("r1", boot_id="one")
    world.store.renew("r1", boot_id="two")


def test_an_older_start_no_longer_drains_the_robot_or_signs_it_off(world: World) -> None:
    world.robot("r1", boot_id="one")
    world.robot("r1", boot_id="two")
    for change in (
        RobotStatusChange(draining=True, boot_id="one"),
        RobotStatusChange(status="offline", boot_id="one"),
    ):
        with pytest.raises(Conflict):
            world.store.set_robot_status("r1", change)
    robot = world.store.robot("r1")
    assert (robot.draining, robot.status) == (False, "idle")
    assert world.store.set_robot_status(
        "r1", RobotStatusChange(draining=True, boot_id="two")
    ).draining
    # A person, and an agent that does not say which start it is, may speak at any time.
    assert not world.store.set_robot_status("r1", RobotStatusChange(draining=False)).draining


def test_a_name_that_is_taken_gets_a_suffix(world: World) -> None:
    robot = world.robot("another-robot-12345678", name="Robot r1")
    assert robot.name == "Robot r1 (12345678)"
    assert world.robot("another-robot-12345678", name="Robot r1").name == robot.name
    assert world.robot("third-12345678", name="Robot r1").name == "Robot r1 (third-12345678)"


def test_registering_again_keeps_one_robot(world: World) -> None:
    created = world.store.robot("r1").created_at
    world.clock.advance(5)
    robot = world.robot("r1", hostname="elsewhere")
    assert (robot.hostname, robot.created_at) == ("elsewhere", created)
    assert world.store.robots().total == 1


def test_robots_are_listed_by_name_and_filtered(world: World) -> None:
    world.robot("a", name="Alpha", environment="lab")
    world.robot("z", name="Zulu")
    world.running("z")
    assert [r.name for r in world.store.robots().robots] == ["Alpha", "Robot r1", "Zulu"]
    assert [r.robot_id for r in world.store.robots(environment="lab").robots] == ["a"]
    assert [r.robot_id for r in world.store.robots(status="busy").robots] == ["z"]
    page = world.store.robots(limit=1, offset=1)
    assert ([r.robot_id for r in page.robots], page.total) == (["r1"], 3)


def test_a_changed_robot_is_matched_by_its_new_tags(world: World) -> None:
    world.submit(tags=["gpu"])
    assert world.store.claim("r1") is None
    robot = world.store.update_robot("r1", RobotChange(tags=["gpu"], max_concurrent_jobs=2))
    assert (robot.tags, robot.max_concurrent_jobs, robot.name) == (["gpu"], 2, "Robot r1")
    assert world.store.claim("r1") is not None


def test_a_robot_in_error_says_so(world: World) -> None:
    assert world.store.set_robot_status("r1", RobotStatusChange(status="error")).status == "error"


def test_an_unknown_robot_is_not_found(world: World) -> None:
    for ask in (
        lambda: world.store.robot("nobody"),
        lambda: world.store.update_robot("nobody", RobotChange(name="x")),
        lambda: world.store.set_robot_status("nobody", RobotStatusChange(status="idle")),
        lambda: world.store.delete_robot("nobody"),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_deleted_robot_is_gone(world: World) -> None:
    world.store.renew("r1", figures={"cpu_percent": 1})
    world.store.delete_robot("r1")
    assert world.store.robots().total == 0
    world.robot("r1")
    assert world.store.robot("r1").metrics == {}


def test_a_pause_says_why_and_ends_when_its_time_is_over(world: World) -> None:
    world.submit()
    pause = RobotStatusChange(status="paused", note="new screen", resume_after_seconds=60)
    robot = world.store.set_robot_status("r1", pause)
    assert (robot.status, robot.note, robot.paused_by) == (
        "maintenance",
        "new screen",
        "orchestrator",
    )
    assert robot.resume_at is not None
    assert robot.resume_at.timestamp() == world.clock() + 60
    assert world.store.renew("r1").paused
    world.clock.advance(59)
    assert world.store.claim("r1") is None
    world.clock.advance(1)
    # Claims go by the clock; nobody need have looked.
    assert world.store.claim("r1") is not None
    robot = world.store.robot("r1")
    assert (robot.status, robot.note, robot.resume_at) == ("busy", None, None)
    assert not world.store.renew("r1").paused


def test_the_end_of_a_pause_wakes_the_robot(world: World) -> None:
    pause = RobotStatusChange(status="paused", resume_after_seconds=60)
    world.store.set_robot_status("r1", pause)
    world.changes.clear()
    world.clock.advance(59)
    world.store.requeue_expired()
    assert world.changes == []
    world.clock.advance(2)
    world.store.requeue_expired()
    assert {change.kind for change in world.changes} == {"robot", "queue"}
    world.changes.clear()
    world.store.requeue_expired()
    assert world.changes == []


def test_a_pause_outlives_signing_off_and_a_restart(world: World) -> None:
    world.store.set_robot_status("r1", RobotStatusChange(status="paused", note="stays"))
    world.store.set_robot_status("r1", RobotStatusChange(draining=True))
    assert world.store.set_robot_status("r1", RobotStatusChange(status="offline")).status == (
        "offline"
    )
    robot = world.robot("r1", boot_id="two")
    assert (robot.status, robot.draining, robot.note) == ("maintenance", False, "stays")
    robot = world.store.set_robot_status("r1", RobotStatusChange(status="idle"))
    assert (robot.status, robot.note) == ("idle", None)


def test_a_robot_that_signed_off_in_a_pause_stays_away_when_it_is_over(world: World) -> None:
    pause = RobotStatusChange(status="paused", resume_after_seconds=60)
    world.store.set_robot_status("r1", pause)
    world.store.set_robot_status("r1", RobotStatusChange(status="offline"))
    world.clock.advance(61)
    world.store.requeue_expired()
    assert world.store.robot("r1").status == "offline"
    world.store.renew("r1")
    assert world.store.robot("r1").status == "idle"


def test_a_robot_that_signed_off_in_a_pause_is_not_back_because_it_is_lifted(world: World) -> None:
    world.store.set_robot_status("r1", RobotStatusChange(status="paused"))
    world.store.set_robot_status("r1", RobotStatusChange(status="offline"))
    robot = world.store.set_robot_status("r1", RobotStatusChange(status="idle"))
    assert robot.status == "offline"
    world.store.renew("r1")
    assert world.store.robot("r1").status == "idle"


def test_a_drain_tells_the_time_that_is_left_until_a_new_start(world: World) -> None:
    world.robot("r1", boot_id="one")
    drain = RobotStatusChange(draining=True, drain_seconds=60, note="moving house")
    robot = world.store.set_robot_status("r1", drain)
    assert robot.drain_by is not None and robot.note == "moving house"
    world.clock.advance(45)
    assert world.store.renew("r1").drain_seconds == 15
    world.clock.advance(45)
    assert world.store.renew("r1").drain_seconds == 0
    robot = world.robot("r1", boot_id="two")
    assert (robot.draining, robot.drain_by, robot.note) == (False, None, None)
    assert world.store.renew("r1").drain_seconds is None


def test_a_drain_without_a_limit_has_none_and_a_lifted_one_is_forgotten(world: World) -> None:
    drain = RobotStatusChange(draining=True, drain_seconds=60)
    world.store.set_robot_status("r1", drain)
    robot = world.store.set_robot_status("r1", RobotStatusChange(draining=True))
    assert (robot.draining, robot.drain_by) == (True, None)
    world.store.set_robot_status("r1", RobotStatusChange(draining=False))
    assert world.store.claim("r1") is None  # nothing to claim, but no longer resting
    world.submit()
    assert world.store.claim("r1") is not None


def test_a_pause_at_the_machine_is_shown_and_only_the_machine_ends_it(world: World) -> None:
    said = {"paused": True, "paused_note": "I need the desk", "resume_after_seconds": 30.0}
    world.store.renew("r1", figures=said)
    robot = world.store.robot("r1")
    assert (robot.status, robot.note, robot.paused_by) == (
        "maintenance",
        "I need the desk",
        "machine",
    )
    assert robot.resume_at is not None
    assert robot.resume_at.timestamp() == world.clock() + 30
    robot = world.store.set_robot_status("r1", RobotStatusChange(status="idle"))
    assert (robot.status, robot.paused_by) == ("maintenance", "machine")
    world.store.renew("r1", figures={})
    assert world.store.robot("r1").status == "maintenance", "no figures say nothing"
    world.store.renew("r1", figures={"paused": False})
    robot = world.store.robot("r1")
    assert (robot.status, robot.note, robot.paused_by) == ("idle", None, None)


def test_a_robot_rests_while_it_is_paused_or_drained(world: World) -> None:
    def set_status(**change: Any) -> bool:
        world.store.set_robot_status("r1", RobotStatusChange(**change))
        return world.store.is_resting("r1")

    assert not world.store.is_resting("r1")
    assert set_status(status="paused", resume_after_seconds=60)
    world.clock.advance(61)
    assert not world.store.is_resting("r1")
    assert set_status(draining=True)
    assert not set_status(draining=False)
    with pytest.raises(NotFound):
        world.store.is_resting("nobody")
