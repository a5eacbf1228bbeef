"""What `why` says is what `claim` does, and each obstacle is named with what ends it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import NotFound
from casare_rpa.wire import Grant, JobWhy, PreviewRequest, RobotChange, RobotStatusChange
from tests.contract.world import DOCUMENT, World

#: What the robot itself does, and `claim` does not know of.
OWN = frozenset({"offline", "no_room", "slots"})
ROBOTS = ("r1", "r2", "r3")
#: Workflows by what their nodes ask of a robot.
NEEDS = {
    "plain": (),
    "web": ("LaunchBrowserNode",),
    "screen": ("FindElementNode", "LaunchBrowserNode"),
}


def codes(why: JobWhy, robot_id: str = "r1") -> list[str]:
    return [o.code for fit in why.robots if fit.robot_id == robot_id for o in fit.obstacles]


def why(world: World, **job: Any) -> JobWhy:
    return world.store.why(world.submit(**job).job_id)


def pause(world: World, robot_id: str = "r1", **more: Any) -> None:
    change = RobotStatusChange(**{"status": "paused"} | more)
    world.store.set_robot_status(robot_id, change)


# The same rules


def could_take(world: World, why: JobWhy, robot_id: str) -> bool:
    # Of a robot that is off no drain is told: it ends with the start that the robot wants.
    robot = world.store.robot(robot_id)
    untold = robot.draining and robot.status == "offline"
    return why.waits_until is None and not untold and not set(codes(why, robot_id)) - OWN


def put(world: World, name: str, *node_types: str) -> None:
    nodes = {kind: {"node_id": kind, "node_type": kind} for kind in ("LogNode", *node_types)}
    world.store.put_workflow(name=name, document={"nodes": nodes}, workflow_id=name)


def takes(world: World, robot_id: str) -> list[Grant]:
    """All that *robot_id* can claim."""
    grants: list[Grant] = []
    while grant := world.store.claim(robot_id):
        grants.append(grant)
    return grants


def _shake(world: World, dice: random.Random) -> None:
    """Robots and jobs of all kinds that a claim tells apart."""
    for robot_id in ROBOTS:
        tags = dice.choice([[], ["a"], ["a", "b"], ["a", "b"]])
        world.store.update_robot(
            robot_id,
            RobotChange(
                environment=dice.choice(["default", "lab"]),
                tags=tags,
                capabilities=dice.choice([[], ["browser"], ["windows", "browser"]]),
            ),
        )
        states: list[dict[str, Any]] = [
            {"status": status} for status in ("idle", "busy", "offline", "paused")
        ]
        states += [{"status": "paused", "resume_after_seconds": seconds} for seconds in (1, 100)]
        change = dice.choice(states) | {"draining": dice.random() < 0.1}
        world.store.set_robot_status(robot_id, RobotStatusChange(**change))
    for _ in range(6):
        world.submit(
            workflow_id=dice.choice(["plain", "plain", "web", "screen"]),
            environment=dice.choice(["default", "default", "lab", "home"]),
            robot_id=dice.choice([*[None] * 4, *ROBOTS, "nobody"]),
            tags=dice.sample(["a", "b", "c"], dice.choice([0, 0, 0, 1, 2])),
            start_in_seconds=dice.choice([None, None, None, 1, 100]),
            priority=dice.randint(0, 20),
        )
    world.clock.advance(2)


def test_a_robot_gets_exactly_the_jobs_that_why_says_it_could_take(world: World) -> None:
    dice = random.Random(2)
    for robot_id in ROBOTS[1:]:
        world.robot(robot_id)
    for name, node_types in NEEDS.items():
        put(world, name, *node_types)
    taken = refused = able = unable = 0
    for _ in range(12):
        _shake(world, dice)
        pending = [job.job_id for job in world.store.jobs(status=[JobStatus.PENDING]).jobs]
        whys = [world.store.why(job_id) for job_id in pending]
        for robot_id in ROBOTS:
            expected = {why.job_id for why in whys if could_take(world, why, robot_id)}
            grants = takes(world, robot_id)
            assert {grant.job_id for grant in grants} == expected
            taken += len(grants)
            refused += len(pending) - len(grants)
            able += sum(grant.workflow_id != "plain" for grant in grants)
            unable += sum(set(codes(why, robot_id)) - OWN == {"capabilities"} for why in whys)
            for grant in grants:
                world.release(grant, robot_id)
        for job_id in pending:
            world.store.cancel(job_id)
    cases = (taken, refused, able, unable)
    assert min(cases) > 5, f"the dice no longer make cases of all kinds: {cases}"


# What is said


def test_a_job_that_a_robot_can_take_is_runnable(world: World) -> None:
    world.submit(priority=3)
    found = why(world)
    assert (found.verdict, found.status, found.ahead) == ("runnable", "pending", 1)
    assert found.message == "r1 can take it now; 1 before it in line"
    assert found.unblocked_by is None


@pytest.mark.parametrize(
    ("job", "code", "start"),
    [
        ({"robot_id": "r9"}, "pinned", "the robot r9 is started with: casare-rpa agent"),
        (
            {"environment": "lab", "tags": ["b", "a"]},
            "environment",
            "a robot is started with: casare-rpa agent --environment lab --tags a,b",
        ),
        ({"tags": ["gpu"]}, "tags", "a robot is started with: casare-rpa agent --tags gpu"),
    ],
)
def test_a_job_that_no_robot_fits_is_impossible(
    world: World, job: dict[str, Any], code: str, start: str
) -> None:
    found = why(world, **job)
    assert (found.verdict, found.unblocked_by) == ("impossible", start)
    assert codes(found)[0] == code


def test_without_robots_a_job_is_impossible(world: World) -> None:
    world.store.delete_robot("r1")
    found = why(world)
    assert (found.verdict, found.message) == ("impossible", "no robot is registered")


def test_a_pause_with_an_end_says_when_it_ends(world: World) -> None:
    pause(world, resume_after_seconds=60, note="new card")
    found = why(world)
    at = datetime.fromtimestamp(world.clock.now + 60, UTC)
    assert (found.verdict, found.unblocked_at) == ("blocked", at)
    assert found.message == "r1: it is paused: new card"
    assert found.unblocked_by == f"r1: it comes back from its pause at {at:%Y-%m-%d %H:%M:%S}Z"


def test_a_pause_at_the_robots_own_machine_is_told_as_such(world: World) -> None:
    world.store.renew("r1", figures={"paused": True, "paused_note": "lunch"})
    found = why(world)
    assert (found.verdict, codes(found)) == ("blocked", ["paused"])
    assert "at its machine: lunch" in found.message
    assert "casare-rpa agent resume" in (found.unblocked_by or "")


def test_a_robot_without_room_on_its_disk_takes_no_job_and_says_so(world: World) -> None:
    world.store.renew("r1", figures={"no_room": "less than 64 MiB are free on the disk"})
    found = why(world)
    assert (found.verdict, codes(found)) == ("blocked", ["no_room"])
    assert found.message == "r1: it takes no jobs: less than 64 MiB are free on the disk"
    assert found.unblocked_by == "r1: room is made on its disk"
    world.store.renew("r1", figures={"paused": False})
    assert why(world).verdict == "runnable"


def test_of_a_robot_that_is_off_the_disk_is_not_told(world: World) -> None:
    world.store.renew("r1", figures={"no_room": "none"})
    world.clock.advance(world.settings.robot_offline_seconds + 1)
    assert codes(why(world)) == ["offline"]


def test_a_robot_without_a_free_slot_is_busy_with_what_it_has(world: World) -> None:
    grant = world.running()
    found = why(world)
    assert (found.verdict, codes(found)) == ("blocked", ["slots"])
    assert found.unblocked_by == f"r1: a job of it ends: {grant.job_id}"


def test_a_draining_robot_drains_and_may_be_resumed(world: World) -> None:
    world.store.set_robot_status("r1", RobotStatusChange(draining=True))
    found = why(world)
    assert codes(found) == ["draining"]
    assert "casare-rpa robots resume r1" in (found.unblocked_by or "")


def test_a_silent_robot_is_offline(world: World) -> None:
    world.clock.advance(world.settings.robot_offline_seconds + 1)
    found = why(world)
    assert codes(found) == ["offline"]
    assert "last seen at 2023-11-14" in found.message


def test_of_a_robot_that_was_stopped_only_its_agents_start_is_wanted(world: World) -> None:
    # What an agent says when it ends in order.
    world.store.set_robot_status("r1", RobotStatusChange(draining=True))
    world.store.set_robot_status("r1", RobotStatusChange(status="offline"))
    found = why(world)
    assert codes(found) == ["offline"]
    assert found.unblocked_by == "r1: its agent is started"


def test_of_several_the_robot_that_is_free_soonest_is_named(world: World) -> None:
    world.robot("r2")
    pause(world, resume_after_seconds=600)
    pause(world, "r2", resume_after_seconds=60)
    assert (why(world).unblocked_by or "").startswith("r2: it comes back")


def test_a_job_for_later_waits_whoever_is_free(world: World) -> None:
    found = why(world, start_in_seconds=60)
    assert (found.verdict, found.message) == ("blocked", "it is submitted for later")
    assert found.unblocked_at == datetime.fromtimestamp(world.clock.now + 60, UTC)
    assert found.robots[0].verdict == "ready"


def test_a_job_that_was_lost_says_after_which_attempt_it_waits(world: World) -> None:
    grant = world.running()
    world.lose(grant)
    world.store.renew("r1")
    found = world.store.why(grant.job_id)
    assert found.verdict == "blocked"
    assert "after attempt 1" in found.message


def test_a_held_and_an_ended_job_say_so(world: World) -> None:
    grant = world.running()
    found = world.store.why(grant.job_id)
    assert (found.verdict, found.message) == ("held", "the robot r1 has it: running")
    world.store.cancel(grant.job_id)
    assert "asked to stop" in world.store.why(grant.job_id).message
    world.finish(grant, "cancelled")
    found = world.store.why(grant.job_id)
    assert (found.verdict, found.message) == ("ended", "it has ended: cancelled (cancelled)")
    with pytest.raises(NotFound):
        world.store.why("nothing")


def test_a_job_is_impossible_until_a_robot_announces_what_its_nodes_need(world: World) -> None:
    put(world, "web", *NEEDS["web"])
    world.store.update_robot("r1", RobotChange(capabilities=["desktop-session"]))
    found = why(world, workflow_id="web")
    assert (found.verdict, codes(found)) == ("impossible", ["capabilities"])
    installed = "a browser and casare-rpa[browser] are installed where {} runs"
    assert found.unblocked_by == installed.format("an agent")
    (obstacle,) = found.robots[0].obstacles
    assert obstacle.message == "it lacks the capability browser (a web browser)"
    assert obstacle.ends_when == installed.format("its agent")
    world.store.update_robot("r1", RobotChange(capabilities=["browser"]))
    assert why(world, workflow_id="web").verdict == "runnable"


def test_what_no_agent_finds_by_itself_it_has_to_be_told(world: World) -> None:
    put(world, "scan", "DesktopClickElementNode", "ConfirmDialogNode")
    world.store.update_robot("r1", RobotChange(capabilities=["browser", "gpu"]))
    found = why(world, workflow_id="scan")
    asked = "somebody runs the workflow at a terminal, with casare-rpa run: robots ask nobody"
    start = "a robot is started with: casare-rpa agent --capabilities windows"
    assert found.unblocked_by == f"{start}, and {asked}"
    (obstacle,) = found.robots[0].obstacles
    told = "its agent is started with --capabilities gpu,windows"
    assert obstacle.ends_when == f"{asked}, and {told}"


def test_what_a_job_waits_for_is_what_why_says_of_it(world: World) -> None:
    for robot_id in ("r2", "r3", "r4", "r5"):
        world.robot(robot_id, tags=["gpu"] if robot_id == "r5" else [])
    job = world.submit(tags=["gpu"])
    assert world.store.job(job.job_id, with_nodes=True).waits_for == []
    pause(world, "r5", note="new card")
    found = world.store.job(job.job_id, with_nodes=True).waits_for
    assert found[0] == world.store.why(job.job_id).message == "r5: it is paused: new card"
    assert found[1].startswith("until: r5: it comes back from its pause")
    world.store.delete_robot("r5")
    found = world.store.job(job.job_id, with_nodes=True).waits_for
    assert found[0].endswith("; r3: it lacks the tag gpu; and 1 more")
    assert world.store.jobs().jobs[0].waits_for == []
    world.store.cancel(job.job_id)
    assert world.store.job(job.job_id, with_nodes=True).waits_for == []


# Before it is submitted


def test_a_preview_says_what_a_submit_would_do_and_stores_nothing(world: World) -> None:
    there = world.submit()
    request = PreviewRequest(workflow_id="invoices", on_conflict="skip", tags=["gpu"])
    found = world.store.preview(request)
    assert (found.decision, found.conflicting_job_id) == ("skip", there.job_id)
    assert (found.why.verdict, found.why.job_id) == ("impossible", None)
    free = world.store.preview(PreviewRequest(workflow_id="invoices"))
    assert (free.decision, free.why.verdict, free.workflow_version) == ("submit", "runnable", 1)
    assert world.store.jobs().total == 1


def test_a_preview_of_a_workflow_that_is_not_there_yet_has_no_version(world: World) -> None:
    found = world.store.preview(PreviewRequest(workflow_id="new", on_conflict="fail"))
    assert (found.workflow_id, found.workflow_version, found.decision) == ("new", None, "submit")
    world.store.put_workflow(name="new", document=DOCUMENT)
    assert world.store.preview(PreviewRequest(workflow_id="new")).workflow_version == 1


def test_a_preview_asks_for_what_the_nodes_of_the_workflow_given_need(world: World) -> None:
    put(world, "web", *NEEDS["web"])
    stored = world.store.preview(PreviewRequest(workflow_id="web"))
    assert (stored.why.verdict, codes(stored.why)) == ("impossible", ["capabilities"])
    given = world.store.preview(PreviewRequest(workflow_id="web", workflow_json=DOCUMENT))
    assert given.why.verdict == "runnable"
    document = world.store.workflow("web").workflow_json
    unknown = PreviewRequest(workflow_id="new", workflow_json=document)
    assert codes(world.store.preview(unknown).why) == ["capabilities"]
