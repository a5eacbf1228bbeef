"""Which job goes to which robot, and to nobody else."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import LeaseLost, NotFound
from casare_rpa.wire import Job, RobotStatusChange
from tests.contract.world import World

CLAIM = "claim-0001"


def test_a_grant_holds_all_that_a_robot_needs(world: World) -> None:
    job = world.submit(input_data={"a": 1}, priority=4, max_retries=2, timeout_seconds=9)
    grant = world.claim()
    assert (grant.job_id, grant.attempt, grant.next_index) == (job.job_id, 1, 1)
    assert (grant.variables, grant.priority, grant.max_retries) == ({"a": 1}, 4, 2)
    assert '"nodes"' in grant.workflow_json
    assert (grant.timeout_seconds, grant.lease_seconds) == (9, world.settings.lease_seconds)
    assert grant.renew_after_seconds == pytest.approx(grant.lease_seconds / 3)
    claimed = world.store.job(job.job_id)
    assert (claimed.status, claimed.robot_id, claimed.attempt) == (JobStatus.CLAIMED, "r1", 1)
    assert world.history(job)[-1].data == {"robot_id": "r1", "attempt": 1}


def test_no_job_is_handed_to_two_robots(world: World) -> None:
    jobs = {world.submit().job_id for _ in range(40)}
    for number in range(8):
        world.robot(f"many{number}")

    def claim_all(number: int) -> list[str]:
        mine = []
        while grant := world.store.claim(f"many{number}", claim_id=uuid.uuid4().hex):
            mine.append(grant.job_id)
        return mine

    with ThreadPoolExecutor(8) as pool:
        claimed = [job_id for mine in pool.map(claim_all, range(8)) for job_id in mine]
    assert sorted(claimed) == sorted(jobs)
    assert all(world.store.job(job_id).attempt == 1 for job_id in jobs)


def test_the_most_urgent_then_the_oldest_job_goes_first(world: World) -> None:
    late, early = (world.submit(priority=10) for _ in range(2))
    world.clock.advance(1)
    urgent = world.submit(priority=0)
    last = world.submit(priority=10)
    claimed = [world.claim().job_id for _ in range(4)]
    assert claimed[0] == urgent.job_id
    assert set(claimed[1:3]) == {late.job_id, early.job_id}
    assert claimed[3] == last.job_id


def test_order_holds_across_jobs_for_all_for_the_pool_and_for_the_robot(world: World) -> None:
    world.robot("lab", environment="lab", tags=["gpu"])
    expected = []
    for request in (
        {"environment": "default"},
        {"environment": "lab"},
        {"robot_id": "lab"},
        {"environment": "lab", "tags": ["gpu"]},
        {"environment": "default"},
    ):
        expected.append(world.submit(**request).job_id)
        world.clock.advance(1)
    expected.insert(0, world.submit(environment="lab", priority=1).job_id)
    assert [world.claim("lab").job_id for _ in range(6)] == expected


def test_a_job_of_the_default_environment_is_open_to_every_robot(world: World) -> None:
    world.robot("lab", environment="lab")
    job = world.submit()
    assert world.claim("lab").job_id == job.job_id


def test_a_job_of_another_environment_is_left_alone(world: World) -> None:
    world.robot("lab", environment="lab")
    job = world.submit(environment="lab")
    assert world.store.claim("r1") is None
    assert world.store.claim("lab", environment="office") is None
    assert world.claim("lab").job_id == job.job_id


def test_a_pinned_job_goes_to_its_robot_only(world: World) -> None:
    world.robot("r2")
    job = world.submit(robot_id="r2", environment="elsewhere")
    assert world.store.claim("r1") is None
    assert world.claim("r2").job_id == job.job_id


def test_a_robot_needs_all_tags_of_a_job(world: World) -> None:
    world.robot("some", tags=["gpu"])
    world.robot("all", tags=["windows", "gpu", "excel"])
    job = world.submit(tags=["gpu", "excel"])
    assert world.store.claim("some") is None
    assert world.claim("all").job_id == job.job_id


def browsing(world: World, *more_types: str, **more: Any) -> Job:
    """A job of a workflow that needs a browser, and what *more_types* need."""
    types = ("LaunchBrowserNode", "LogNode", *more_types)
    nodes = {f"n{i}": {"node_id": f"n{i}", "node_type": name} for i, name in enumerate(types)}
    document = {"nodes": nodes, "connections": []}
    world.store.put_workflow(name="browsing", document=document, workflow_id="browsing")
    return world.submit(workflow_id="browsing", **more)


def test_a_robot_needs_every_capability_of_a_job(world: World) -> None:
    world.robot("some", capabilities=["browser", "desktop"])
    world.robot("all", capabilities=["windows", "browser"])
    job = browsing(world, "FindElementNode")
    assert job.requires == ["browser", "windows"]
    assert world.store.claim("r1") is None
    assert world.store.claim("some") is None
    assert world.claim("all").job_id == job.job_id


def test_a_job_that_needs_a_capability_does_not_hold_up_the_others(world: World) -> None:
    browsing(world, priority=0)
    plain = world.submit(priority=20)
    assert (plain.requires, world.claim().job_id) == ([], plain.job_id)
    assert world.store.claim("r1") is None


def test_capabilities_bind_pinned_and_tagged_jobs_and_repeated_ones_too(world: World) -> None:
    pinned = browsing(world, robot_id="r1", tags=["gpu"])
    assert world.store.claim("r1") is None
    world.robot("r1", tags=["gpu"])
    assert world.store.claim("r1") is None
    world.store.cancel(pinned.job_id)
    again = world.store.retry(pinned.job_id, principal="ann")
    assert again.requires == ["browser"]
    assert world.store.claim("r1") is None
    world.robot("r1", tags=["gpu"], capabilities=["browser"])
    assert world.claim("r1").job_id == again.job_id


def test_what_is_disabled_needs_nothing(world: World) -> None:
    off = {"node_id": "b", "node_type": "LaunchBrowserNode", "config": {"_disabled": True}}
    log = {"node_id": "l", "node_type": "LogNode"}
    document = {"nodes": {"b": off, "l": log}, "connections": []}
    world.store.put_workflow(name="off", document=document, workflow_id="off")
    job = world.submit(workflow_id="off")
    assert (job.requires, world.claim().job_id) == ([], job.job_id)


def test_what_a_job_needs_follows_the_version_it_was_submitted_with(world: World) -> None:
    older = browsing(world)
    document = {"nodes": {"n": {"node_id": "n", "node_type": "LogNode"}}, "connections": []}
    world.store.put_workflow(name="browsing", document=document, workflow_id="browsing")
    newer = world.submit(workflow_id="browsing")
    assert (older.requires, newer.requires) == (["browser"], [])
    assert world.claim().job_id == newer.job_id
    assert world.store.claim("r1") is None


def test_a_waiting_job_says_which_robot_lacks_what(world: World) -> None:
    world.robot("near", capabilities=["browser"])
    world.robot("lab", environment="lab")
    job = browsing(world, "FindElementNode", environment="default")
    reasons = world.store.job(job.job_id, with_nodes=True).waits_for
    browser, windows = "browser (a web browser)", "windows (a Windows machine)"
    assert reasons == [
        "no registered robot can ever run it as it is"
        f"; lab: it lacks the capabilities {browser}, {windows}"
        f"; near: it lacks the capability {windows}"
        f"; r1: it lacks the capabilities {browser}, {windows}",
        "until: a robot is started with: casare-rpa agent --capabilities windows"
        ", and a browser and casare-rpa[browser] are installed where an agent runs",
    ]
    elsewhere = browsing(world, environment="lab")
    found, until = world.store.job(elsewhere.job_id, with_nodes=True).waits_for
    why = world.store.why(elsewhere.job_id)
    assert (found, until) == (why.message, f"until: {why.unblocked_by}")
    assert f"lab: it lacks the capability {browser}" in found
    assert "a robot is started with: casare-rpa agent --environment lab, and a browser" in until
    world.robot("lab", environment="lab", capabilities=["browser"])
    assert world.store.job(elsewhere.job_id, with_nodes=True).waits_for == []
    world.claim("lab")
    assert world.store.job(elsewhere.job_id, with_nodes=True).waits_for == []


def test_names_with_quotes_and_brackets_do_not_mix_lanes(world: World) -> None:
    world.robot("odd", environment='lab",["gpu"]]')
    world.submit(environment="lab", tags=["gpu"])
    assert world.store.claim("odd") is None
    job = world.submit(environment='lab",["gpu"]]')
    assert world.claim("odd").job_id == job.job_id


@pytest.mark.parametrize(
    "change",
    [
        RobotStatusChange(status="idle", draining=True),
        RobotStatusChange(status="paused"),
        RobotStatusChange(status="maintenance"),
    ],
)
def test_a_draining_or_paused_robot_gets_no_job(world: World, change: RobotStatusChange) -> None:
    world.submit()
    world.store.set_robot_status("r1", change)
    assert world.store.claim("r1") is None
    world.store.set_robot_status("r1", RobotStatusChange(status="idle", draining=False))
    assert world.store.claim("r1") is not None


def test_a_draining_robot_may_still_renew_report_and_finish(world: World) -> None:
    grant = world.running()
    world.store.set_robot_status("r1", RobotStatusChange(status="busy", draining=True))
    world.renew(grant)
    world.append(grant, 1, "log")
    assert world.finish(grant, event_count=1).status is JobStatus.COMPLETED


def test_the_same_claim_id_gets_the_same_grant_again(world: World) -> None:
    world.submit()
    world.submit()
    first = world.claim(claim_id=CLAIM)
    assert world.claim(claim_id=CLAIM) == first
    assert world.claim(claim_id="claim-0002").job_id != first.job_id
    assert world.types(first).count("job.claimed") == 1


def test_twenty_claims_at_once_with_one_claim_id_take_one_job(world: World) -> None:
    for _ in range(20):
        world.submit()

    def claim(_: int) -> str:
        return world.claim(claim_id=CLAIM).job_id

    with ThreadPoolExecutor(10) as pool:
        assert len(set(pool.map(claim, range(20)))) == 1
    assert world.store.counts()[JobStatus.CLAIMED] == 1


def test_a_replayed_grant_says_which_events_are_stored(world: World) -> None:
    world.submit()
    grant = world.claim(claim_id=CLAIM)
    world.append(grant, 1, "log", "log")
    assert world.claim(claim_id=CLAIM).next_index == 3


def test_a_replayed_claim_renews_the_lease(world: World) -> None:
    world.submit()
    grant = world.claim(claim_id=CLAIM)
    world.renew(grant)
    world.clock.advance(world.settings.lease_seconds - 1)
    world.claim(claim_id=CLAIM)
    world.clock.advance(world.settings.lease_seconds - 1)
    assert not world.store.requeue_expired()
    world.renew(grant)


def test_a_replayed_claim_moves_the_start_deadline(world: World) -> None:
    world.submit()
    world.claim(claim_id=CLAIM)
    world.clock.advance(world.settings.start_deadline_seconds - 1)
    world.claim(claim_id=CLAIM)
    world.clock.advance(world.settings.start_deadline_seconds - 1)
    assert not world.store.requeue_expired()


def test_a_claim_id_is_used_up_when_its_lease_is_gone(world: World) -> None:
    world.submit()
    grant = world.claim(claim_id=CLAIM)
    world.finish(grant)
    other = world.submit()
    with pytest.raises(LeaseLost):
        world.store.claim("r1", claim_id=CLAIM)
    assert world.status(other) is JobStatus.PENDING


def test_a_claim_id_of_another_robot_means_nothing(world: World) -> None:
    world.robot("r2")
    world.submit()
    first = world.claim(claim_id=CLAIM)
    assert world.store.claim("r2", claim_id=CLAIM) is None
    assert world.store.job(first.job_id).robot_id == "r1"


def test_a_claim_without_an_id_is_a_new_one_each_time(world: World) -> None:
    world.submit()
    world.submit()
    first, second = world.store.claim("r1"), world.store.claim("r1")
    assert first is not None and second is not None
    assert first.job_id != second.job_id
    assert first.lease_token != second.lease_token


def test_an_unregistered_robot_gets_no_job(world: World) -> None:
    world.submit()
    with pytest.raises(NotFound):
        world.store.claim("stranger")


def test_an_empty_queue_is_told_from_one_with_jobs_that_are_not_yet_due(world: World) -> None:
    assert not world.store.has_pending()
    job = world.submit(start_in_seconds=60)
    assert world.store.has_pending()
    world.clock.advance(61)
    assert world.store.has_pending()
    assert world.store.claim("r1") is not None
    assert not world.store.has_pending()
    assert world.store.job(job.job_id).status == "claimed"
