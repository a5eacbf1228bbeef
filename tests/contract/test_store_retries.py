"""Which failures are tried again, how often, and after how long (P16)."""

from __future__ import annotations

import pytest

from casare_rpa.domain.jobs import FailureReason, JobStatus
from tests.contract.world import World

FINAL = {
    FailureReason.BUSINESS_ERROR,
    FailureReason.RESULT_TOO_LARGE,
    FailureReason.SIGNATURE_REJECTED,
    FailureReason.UNSUPPORTED_NODE,
    FailureReason.CRASH_LIMIT,
}
AGAIN = {
    FailureReason.WORKFLOW_ERROR,
    FailureReason.TIMEOUT,
    FailureReason.NO_PROGRESS,
    FailureReason.OUT_OF_MEMORY,
    FailureReason.DISK_FULL,
    FailureReason.PROCESS_START_FAILED,
    FailureReason.AGENT_STOP,
}


@pytest.mark.parametrize("reason", sorted(FINAL))
def test_what_would_come_to_the_same_is_not_tried_again(world: World, reason: str) -> None:
    grant = world.running(max_retries=3)
    world.finish(grant, "failed", failure_reason=reason)
    job = world.store.job(grant.job_id)
    assert (job.status, job.failure_reason) == (JobStatus.FAILED, reason)
    assert world.store.dead_letter(grant.job_id).failure_reason == reason


@pytest.mark.parametrize("reason", [*sorted(AGAIN), "a_reason_of_tomorrow", None])
def test_what_may_pass_is_tried_again_as_often_as_asked(world: World, reason: str | None) -> None:
    grant = world.running(max_retries=2)
    for attempt in (1, 2):
        world.finish(grant, "failed", failure_reason=reason)
        assert world.status(grant) is JobStatus.PENDING, attempt
        grant = world.claim_after_backoff()
    world.finish(grant, "failed", failure_reason=reason)
    job = world.store.job(grant.job_id)
    assert (job.status, job.attempt, job.retry_count) == (JobStatus.FAILED, 3, 2)
    assert world.types(grant).count("job.requeued") == 2


def test_a_wrong_document_is_not_tried_again(world: World) -> None:
    grant = world.running(max_retries=3)
    world.finish(grant, "failed", failure_reason="workflow_error", error_code="WORKFLOW_INVALID")
    assert world.status(grant) is JobStatus.FAILED


def test_every_reason_has_a_rule() -> None:
    ours = {FailureReason.CANCELLED, FailureReason.AGENT_LOST, FailureReason.LEASE_LOST}
    assert set(FailureReason) == FINAL | AGAIN | ours


def test_lost_attempts_do_not_use_up_the_retries(world: World) -> None:
    grant = world.running(max_retries=1)
    world.lose(grant)
    grant = world.claim_after_backoff()
    world.renew(grant)
    world.finish(grant, "failed")
    assert world.status(grant) is JobStatus.PENDING


@pytest.mark.parametrize("failure", [1, 2, 3, 8, 10])
def test_the_wait_doubles_to_a_cap_with_full_jitter(world: World, failure: int) -> None:
    """Full jitter: anything between nothing and the whole wait."""
    settings = world.settings
    longest = min(
        settings.lost_backoff_seconds * 2 ** (failure - 1), settings.lost_backoff_max_seconds
    )
    waits = []
    for _ in range(20):
        grant = world.running(max_retries=10)
        for _ in range(failure - 1):
            world.finish(grant, "failed")
            grant = world.claim_after_backoff()
        world.finish(grant, "failed")
        waits.append(world.history(grant)[-1].data["wait_seconds"])
        world.store.cancel(grant.job_id)
    assert all(0 <= wait <= longest for wait in waits)
    assert max(waits) > 0.4 * longest, "of 20 none came near the whole wait"
    assert min(waits) < 0.6 * longest, "of 20 none came near no wait"
    assert len(set(waits)) > 15
