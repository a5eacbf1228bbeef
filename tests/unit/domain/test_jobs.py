import itertools

from casare_rpa.domain.jobs import ALLOWED, JobStatus

OUTCOMES = {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.TIMEOUT}


def test_a_finished_job_never_becomes_anything_else() -> None:
    assert {status for status in JobStatus if status.finished} == OUTCOMES
    for outcome, other in itertools.product(OUTCOMES, JobStatus):
        assert not outcome.may_become(other)


def test_a_job_goes_from_pending_over_claimed_and_running_to_an_outcome() -> None:
    assert JobStatus.PENDING.may_become(JobStatus.CLAIMED)
    assert JobStatus.CLAIMED.may_become(JobStatus.RUNNING)
    assert all(JobStatus.RUNNING.may_become(outcome) for outcome in OUTCOMES)


def test_a_job_that_nobody_holds_can_only_be_claimed_or_cancelled() -> None:
    assert ALLOWED[JobStatus.PENDING] == {JobStatus.CLAIMED, JobStatus.CANCELLED}


def test_a_held_job_can_go_back_to_the_queue() -> None:
    assert {s for s in JobStatus if s.active} == {JobStatus.CLAIMED, JobStatus.RUNNING}
    assert all(s.may_become(JobStatus.PENDING) for s in JobStatus if s.active)


def test_every_outcome_but_completed_may_be_retried_as_a_new_job() -> None:
    assert {s for s in JobStatus if s.retryable} == OUTCOMES - {JobStatus.COMPLETED}


def test_an_old_reader_s_queued_is_known_and_unfinished() -> None:
    assert JobStatus("queued") is JobStatus.QUEUED
    assert not JobStatus.QUEUED.finished
    assert not any(JobStatus.QUEUED in after for after in ALLOWED.values())
