"""What becomes of jobs whose robot is silent, removed or no longer trusted."""

from __future__ import annotations

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.settings import Settings
from tests.contract.world import World, lease


def test_a_silent_robot_loses_its_job(world: World) -> None:
    grant = world.running()
    world.changes.clear()
    world.clock.advance(world.settings.lease_seconds + 1)
    assert world.store.requeue_expired().requeued == (grant.job_id,)
    job = world.store.job(grant.job_id)
    assert (job.status, job.robot_id, job.retry_count) == (JobStatus.PENDING, None, 1)
    requeued = world.history(grant)[-1]
    assert requeued.type == "job.requeued"
    assert (requeued.data["reason"], requeued.data["attempt"]) == ("lease_lost", 1)
    kinds = [(c.kind, c.robot_id) for c in world.changes]
    assert ("lease", "r1") in kinds and ("queue", None) in kinds


def test_a_lease_is_not_taken_back_before_its_end(world: World) -> None:
    world.running()
    world.clock.advance(world.settings.lease_seconds - 1)
    assert len(world.store.requeue_expired()) == 0


def test_a_claim_that_nobody_starts_is_taken_back(world: World) -> None:
    world.submit()
    grant = world.claim()
    world.clock.advance(world.settings.start_deadline_seconds - 1)
    assert not world.store.requeue_expired()
    world.clock.advance(2)
    assert world.store.requeue_expired().requeued == (grant.job_id,)
    assert world.history(grant)[-1].data["reason"] == "not_started"
    assert world.store.renew("r1", [lease(grant)]).lost == (grant.job_id,)


def test_a_started_job_has_no_start_deadline(world: World) -> None:
    grant = world.running()
    world.clock.advance(world.settings.start_deadline_seconds + 1)
    assert not world.store.requeue_expired()
    world.renew(grant)


def test_a_lost_job_waits_longer_each_time_but_not_for_ever(world: World) -> None:
    waits = _waits(world, 12)
    base, longest = world.settings.lost_backoff_seconds, world.settings.lost_backoff_max_seconds
    for number, wait in enumerate(waits):
        assert 0 <= wait <= min(longest, base * 2**number)
    # Full jitter: all twelve in the lower half of their range happens once in 4096 runs each.
    assert len(set(waits)) > 6
    assert max(waits[6:]) > base


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    wants_many = request.function is test_a_lost_job_waits_longer_each_time_but_not_for_ever
    return Settings(max_crashes=100) if wants_many else Settings()


def _waits(world: World, times: int) -> list[float]:
    world.submit()
    waits = []
    for _ in range(times):
        grant = world.claim_after_backoff()
        world.renew(grant)
        world.lose(grant)
        waits.append(world.history(grant)[-1].data["wait_seconds"])
    return waits


def test_a_lost_job_is_not_offered_before_its_wait_is_over(world: World) -> None:
    grant = world.running()
    world.lose(grant)
    wait = world.history(grant)[-1].data["wait_seconds"]
    world.clock.advance(wait - 0.002)
    assert world.store.claim("r1") is None
    world.clock.advance(0.004)
    assert world.claim().attempt == 2


def test_a_job_that_kills_its_robots_is_given_up(world: World) -> None:
    world.submit()
    for _ in range(world.settings.max_crashes):
        grant = world.claim_after_backoff()
        world.renew(grant)
        world.lose(grant)
    job = world.store.job(grant.job_id)
    assert (job.status, job.failure_reason) == (JobStatus.FAILED, "crash_limit")
    assert job.error_message is not None and "lease_lost" in job.error_message
    last = world.history(grant)[-1]
    assert (last.type, last.data["failure_reason"]) == ("job.failed", "crash_limit")
    world.clock.advance(world.settings.lost_backoff_max_seconds + 1)
    assert world.store.claim("r1") is None


def test_a_lost_job_whose_cancel_was_requested_is_cancelled(world: World) -> None:
    grant = world.running()
    world.store.cancel(grant.job_id)
    world.clock.advance(world.settings.lease_seconds + 1)
    assert world.store.requeue_expired().cancelled == (grant.job_id,)
    assert world.status(grant) is JobStatus.CANCELLED


def test_crashes_and_failures_are_counted_apart(world: World) -> None:
    first = world.running(max_retries=1)
    world.lose(first)
    second = world.claim_after_backoff()
    world.renew(second)
    assert world.finish(second, "failed").status is JobStatus.PENDING
    third = world.claim_after_backoff()
    world.renew(third)
    assert (third.attempt, third.retry_count) == (3, 2)
    assert world.finish(third, "failed").status is JobStatus.FAILED


def test_all_jobs_of_a_robot_can_be_taken_back_at_once(world: World) -> None:
    world.robot("r2")
    mine = [world.running() for _ in range(2)]
    other = world.running("r2")
    assert world.store.revoke_leases_of("r1") == 2
    assert world.store.renew("r1", [lease(g) for g in mine]).lost == tuple(g.job_id for g in mine)
    world.renew(other, "r2")
    again = world.claim("r2")
    assert again.job_id in {g.job_id for g in mine}
    assert again.retry_count == 0
    assert world.history(again)[-2].data["reason"] == "revoked"


def test_deleting_a_robot_frees_its_jobs(world: World) -> None:
    world.robot("r2")
    grant = world.running()
    world.store.delete_robot("r1")
    assert world.claim("r2").job_id == grant.job_id


def test_jobs_lost_together_do_not_come_back_together(world: World) -> None:
    grants = [world.running() for _ in range(12)]
    world.clock.advance(world.settings.lease_seconds + 1)
    assert len(world.store.requeue_expired()) == 12
    waits = {world.history(grant)[-1].data["wait_seconds"] for grant in grants}
    # To a thousandth of a second in five: all twelve alike never happens.
    assert len(waits) > 6
