"""How an attempt ends, and what its job is then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import EventGap, LeaseLost
from tests.contract.world import World, envelopes, outcome


def test_a_completed_job_has_its_result_and_its_last_event(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "log")
    result = {"outputs": {"a": [1, None]}, "variables": {}}
    world.finish(grant, event_count=1, result=result, duration_ms=12.4, nodes_executed=3)
    job = world.store.job(grant.job_id)
    assert (job.status, job.result, job.progress) == (JobStatus.COMPLETED, result, 100)
    assert (job.duration_ms, job.completed_at is not None) == (12, True)
    last = world.history(grant)[-1]
    assert last.type == "job.completed"
    assert last.data == {
        "duration_ms": 12.4,
        "nodes_executed": 3,
        "result": result,
        "status": "completed",
    }


@pytest.mark.parametrize("status", ["failed", "timeout"])
def test_a_failed_job_says_why(world: World, status: str) -> None:
    grant = world.running()
    why = {"error_message": "no such file", "error_code": "FILE_NOT_FOUND", "failed_node_id": "n"}
    world.finish(grant, status, **why)
    job = world.store.job(grant.job_id)
    reason = {"failed": "workflow_error", "timeout": "timeout"}[status]
    assert (job.status, job.failure_reason) == (JobStatus(status), reason)
    assert (job.error_message, job.error_type, job.failed_node_id) == tuple(why.values())
    last = world.history(grant)[-1]
    assert last.type == "job.failed"
    assert {**why, "status": status, "failure_reason": reason}.items() <= last.data.items()


def test_a_finish_is_refused_until_all_events_are_there(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "a")
    with pytest.raises(EventGap) as refused:
        world.finish(grant, event_count=3)
    assert refused.value.expected == 2
    assert world.status(grant) is JobStatus.RUNNING
    world.append(grant, 2, "b", "c")
    assert world.finish(grant, event_count=3).status is JobStatus.COMPLETED


def test_a_finish_may_bring_the_last_events(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "a")
    world.finish(grant, event_count=3, first_index=1, events=envelopes("a", "b", "c"))
    assert world.types(grant)[3:] == ["a", "b", "c", "job.completed"]


def test_a_finish_that_still_lacks_events_stores_none(world: World) -> None:
    grant = world.running()
    with pytest.raises(EventGap):
        world.finish(grant, event_count=3, first_index=1, events=envelopes("a", "b"))
    with pytest.raises(EventGap):
        world.finish(grant, event_count=3, first_index=2, events=envelopes("b", "c"))
    assert world.types(grant) == ["job.queued", "job.claimed", "job.started"]


def test_a_robot_that_forgot_events_it_had_sent_may_finish(world: World) -> None:
    grant = world.running()
    world.append(grant, 1, "a", "b")
    assert world.finish(grant, "failed", event_count=1).status is JobStatus.FAILED
    assert world.types(grant)[3:] == ["a", "b", "job.failed"]


@pytest.mark.parametrize("status", ["completed", "failed", "timeout", "cancelled"])
def test_a_repeated_finish_gets_the_same_answer(world: World, status: str) -> None:
    grant = world.running()
    first = world.finish(grant, status)
    seq = world.store.job(grant.job_id).last_seq
    world.restart()
    assert world.finish(grant, status) == first
    assert world.store.job(grant.job_id).last_seq == seq


def test_twenty_finishes_at_once_end_the_job_once(world: World) -> None:
    grant = world.running()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: world.finish(grant), range(20)))
    assert {answer.status for answer in answers} == {JobStatus.COMPLETED}
    assert world.types(grant).count("job.completed") == 1


def test_a_repeated_finish_with_another_outcome_is_refused(world: World) -> None:
    grant = world.running()
    world.finish(grant, "completed", result={"a": 1})
    for status in ("failed", "cancelled", "timeout"):
        with pytest.raises(LeaseLost):
            world.finish(grant, status)
    assert world.store.job(grant.job_id).result == {"a": 1}


def test_a_repeated_finish_with_a_forged_token_is_refused(world: World) -> None:
    world.robot("r2")
    grant = world.running()
    world.finish(grant)
    with pytest.raises(LeaseLost):
        world.finish(grant.model_copy(update={"lease_token": "forged"}))
    with pytest.raises(LeaseLost):
        world.finish(grant, robot_id="r2")


def test_a_repeated_failure_of_a_job_that_runs_again_gets_the_first_answer(world: World) -> None:
    first = world.running(max_retries=1)
    assert world.finish(first, "failed").status is JobStatus.PENDING
    second = world.claim_after_backoff()
    world.renew(second)
    assert world.finish(first, "failed").status is JobStatus.PENDING
    assert world.status(second) is JobStatus.RUNNING
    assert world.finish(second).status is JobStatus.COMPLETED


def test_nothing_can_be_said_after_the_end(world: World) -> None:
    grant = world.running()
    world.finish(grant)
    with pytest.raises(LeaseLost):
        world.append(grant, 1, "late")
    with pytest.raises(LeaseLost):
        world.release(grant)
    assert world.types(grant)[-1] == "job.completed"


def test_a_completed_job_was_started_even_if_nobody_said_so(world: World) -> None:
    world.submit()
    grant = world.claim()
    world.finish(grant)
    assert world.types(grant) == ["job.queued", "job.claimed", "job.started", "job.completed"]


def test_a_failure_with_retries_left_is_tried_again_after_a_while(world: World) -> None:
    first = world.running(max_retries=1)
    assert world.finish(first, "failed", error_message="no").status is JobStatus.PENDING
    requeued = world.history(first)[-1]
    assert requeued.type == "job.requeued"
    assert requeued.data["reason"] == "workflow_error"
    assert (requeued.data["attempt"], requeued.data["error_message"]) == (1, "no")
    assert 0 <= requeued.data["wait_seconds"] <= world.settings.lost_backoff_seconds
    second = world.claim_after_backoff()
    assert (second.attempt, second.retry_count) == (2, 1)
    assert world.finish(second, "failed").status is JobStatus.FAILED


def test_a_timeout_with_retries_left_is_tried_again(world: World) -> None:
    grant = world.running(max_retries=1)
    assert world.finish(grant, "timeout").status is JobStatus.PENDING


@pytest.mark.parametrize("reason", ["business_error", "cancelled"])
def test_what_would_come_to_the_same_is_not_tried_again(world: World, reason: str) -> None:
    grant = world.running(max_retries=5)
    finished = world.finish(grant, "failed", failure_reason=reason)
    assert finished.status is JobStatus.FAILED


def test_a_robot_that_reports_its_own_crash_is_counted_like_a_lost_lease(world: World) -> None:
    world.submit()
    answers = []
    for attempt in range(1, world.settings.max_crashes + 1):
        grant = world.claim_after_backoff()
        assert grant.attempt == attempt
        world.renew(grant)
        answers.append(world.finish(grant, "failed", failure_reason="agent_lost").status)
    assert answers == [JobStatus.PENDING, JobStatus.PENDING, JobStatus.FAILED]
    assert world.store.job(grant.job_id).failure_reason == "crash_limit"


def test_cancelling_a_pending_job_ends_it(world: World) -> None:
    job = world.submit()
    cancelled = world.store.cancel(job.job_id, by="ann")
    assert (cancelled.accepted, cancelled.previous_status) == (True, JobStatus.PENDING)
    assert cancelled.job.status is JobStatus.CANCELLED
    assert world.types(job) == ["job.queued", "job.cancelled"]
    assert world.store.claim("r1") is None
    assert world.changes[-1].finished


def test_cancelling_a_running_job_asks_its_robot(world: World) -> None:
    grant = world.running()
    world.changes.clear()
    cancelled = world.store.cancel(grant.job_id, by="ann")
    assert (cancelled.previous_status, cancelled.job.cancel_requested) == (JobStatus.RUNNING, True)
    assert world.status(grant) is JobStatus.RUNNING
    told = [(c.kind, c.job_id, c.robot_id) for c in world.changes]
    assert told[1] == ("cancel", grant.job_id, "r1")
    world.store.cancel(grant.job_id)
    assert world.types(grant).count("job.cancel_requested") == 1
    world.finish(grant, "cancelled")
    assert world.status(grant) is JobStatus.CANCELLED
    assert world.types(grant)[-1] == "job.cancelled"


def test_a_completed_result_beats_a_requested_cancel(world: World) -> None:
    grant = world.running()
    world.store.cancel(grant.job_id)
    world.finish(grant, "completed", result={"a": 1})
    job = world.store.job(grant.job_id)
    assert (job.status, job.result) == (JobStatus.COMPLETED, {"a": 1})


def test_a_failure_after_a_requested_cancel_is_a_cancel(world: World) -> None:
    grant = world.running(max_retries=3)
    world.store.cancel(grant.job_id)
    assert world.finish(grant, "failed").status is JobStatus.CANCELLED


def test_cancelling_a_finished_job_changes_nothing(world: World) -> None:
    grant = world.running()
    world.finish(grant)
    before = world.store.job(grant.job_id)
    cancelled = world.store.cancel(grant.job_id)
    assert (cancelled.accepted, cancelled.previous_status) == (False, JobStatus.COMPLETED)
    assert world.store.job(grant.job_id) == before


def test_a_released_job_is_offered_at_once_and_counts_nothing(world: World) -> None:
    first = world.running()
    assert world.release(first).status is JobStatus.PENDING
    second = world.claim()
    assert (second.job_id, second.attempt, second.retry_count) == (first.job_id, 2, 0)
    assert world.history(first)[-2].data["reason"] == "drain"


def test_a_job_may_be_released_more_often_than_it_may_crash(world: World) -> None:
    world.submit()
    for _ in range(world.settings.max_crashes + 2):
        assert world.release(world.claim()).status is JobStatus.PENDING


def test_a_repeated_release_gets_the_same_answer(world: World) -> None:
    first = world.running()
    world.release(first)
    second = world.claim()
    assert world.release(first).status is JobStatus.PENDING
    assert world.status(second) is JobStatus.CLAIMED


def test_releasing_a_job_whose_cancel_was_requested_cancels_it(world: World) -> None:
    grant = world.running()
    world.store.cancel(grant.job_id)
    assert world.release(grant).status is JobStatus.CANCELLED


def test_an_outcome_is_on_disk_when_it_is_acknowledged(world: World) -> None:
    grant = world.running()
    world.store.finish(
        "r1", grant.job_id, outcome(grant, event_count=1, first_index=1, events=envelopes("a"))
    )
    history = world.history(grant)
    world.restart()
    assert world.history(grant) == history
