"""What the store promises to who submits a job."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import InvalidInput, InvalidTransition, NotFound
from casare_rpa.store import Change
from casare_rpa.wire import JobRequest
from tests.contract.world import DOCUMENT, World

REQUEST = JobRequest(workflow_id="invoices", input_data={"month": 5})


def test_a_submitted_job_is_pending_and_its_history_begins(world: World) -> None:
    job = world.submit(input_data={"month": 5}, priority=3, tags=["gpu", "a"])
    assert (job.status, job.priority, job.attempt) == (JobStatus.PENDING, 3, 0)
    assert (job.input_data, job.tags) == ({"month": 5}, ["a", "gpu"])
    assert world.store.job(job.job_id) == job
    assert [(e.seq, e.type, e.attempt) for e in world.history(job)] == [(1, "job.queued", 0)]


def test_an_acknowledged_job_survives_a_restart(world: World) -> None:
    job = world.submit()
    world.restart()
    assert world.store.job(job.job_id) == job
    assert world.claim().job_id == job.job_id


def test_an_unknown_workflow_is_refused(world: World) -> None:
    with pytest.raises(NotFound):
        world.submit(workflow_id="nothing")
    assert world.store.jobs().total == 0


def test_the_same_idempotency_key_gets_the_same_job(world: World) -> None:
    first = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    again = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    assert (first.replayed, again.replayed) == (False, True)
    assert again.job.job_id == first.job.job_id
    assert world.store.jobs().total == 1


def test_twenty_at_once_with_one_idempotency_key_make_one_job(world: World) -> None:
    def submit(_: int) -> str:
        return world.store.submit(REQUEST, principal="ann", idempotency_key="k").job.job_id

    with ThreadPoolExecutor(20) as pool:
        ids = set(pool.map(submit, range(20)))
    assert len(ids) == 1
    assert world.store.jobs().total == 1


def test_an_idempotency_key_is_known_after_a_restart(world: World) -> None:
    first = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    world.restart()
    again = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    assert again.replayed and again.job.job_id == first.job.job_id


def test_the_same_idempotency_key_with_another_body_is_refused(world: World) -> None:
    world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    other = JobRequest(workflow_id="invoices", input_data={"month": 6})
    with pytest.raises(InvalidInput) as refused:
        world.store.submit(other, principal="ann", idempotency_key="k")
    assert refused.value.field == "Idempotency-Key"
    assert world.store.jobs().total == 1


def test_idempotency_keys_of_two_principals_do_not_meet(world: World) -> None:
    first = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    other = world.store.submit(REQUEST, principal="bob", idempotency_key="k")
    assert not other.replayed and other.job.job_id != first.job.job_id


def test_an_idempotency_key_is_forgotten_after_its_time(world: World) -> None:
    first = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    world.clock.advance(71 * 3600)
    assert world.store.submit(REQUEST, principal="ann", idempotency_key="k").replayed
    world.clock.advance(2 * 3600)
    later = world.store.submit(REQUEST, principal="ann", idempotency_key="k")
    assert not later.replayed and later.job.job_id != first.job.job_id


def test_housekeeping_deletes_old_idempotency_keys_only(world: World) -> None:
    world.store.submit(REQUEST, principal="ann", idempotency_key="old")
    world.clock.advance(73 * 3600)
    world.store.submit(REQUEST, principal="ann", idempotency_key="new")
    assert world.store.housekeep() == 1
    assert world.store.submit(REQUEST, principal="ann", idempotency_key="new").replayed


def test_a_job_with_not_before_waits_for_its_time(world: World) -> None:
    time = datetime.fromtimestamp(world.clock.now + 60, UTC)
    job = world.submit(not_before=time)
    assert world.store.claim("r1") is None
    world.clock.advance(61)
    assert world.claim().job_id == job.job_id


def test_the_reaper_announces_jobs_whose_time_has_come(world: World) -> None:
    world.submit(not_before=datetime.fromtimestamp(world.clock.now + 60, UTC))
    world.changes.clear()
    world.store.requeue_expired()
    assert not world.changes
    world.clock.advance(61)
    world.store.requeue_expired()
    assert [change.kind for change in world.changes] == ["queue"]


def test_jobs_are_listed_newest_first_and_filtered(world: World) -> None:
    first = world.submit()
    world.clock.advance(1)
    second = world.submit(environment="lab")
    listed = world.store.jobs()
    assert [job.job_id for job in listed.jobs] == [second.job_id, first.job_id]
    assert world.store.jobs(limit=1, offset=1).jobs[0].job_id == first.job_id
    assert world.store.jobs(limit=1).total == 2
    assert world.store.jobs(environment="lab").total == 1
    assert world.store.jobs(workflow_id="another").total == 0
    world.claim()
    assert world.store.jobs(status=[JobStatus.CLAIMED], robot_id="r1").total == 1
    assert world.store.jobs(status=[JobStatus.QUEUED]).jobs[0].job_id == second.job_id


def test_counts_name_every_status(world: World) -> None:
    world.submit()
    world.submit()
    world.claim()
    counts = world.store.counts()
    assert set(counts) == set(JobStatus)
    assert (counts[JobStatus.PENDING], counts[JobStatus.CLAIMED]) == (1, 1)


def test_a_job_keeps_the_workflow_version_it_was_submitted_with(world: World) -> None:
    world.submit()
    world.store.put_workflow(name="invoices", document={**DOCUMENT, "later": True})
    world.store.delete_workflow("invoices")
    grant = world.claim()
    assert grant.workflow_version == 1
    assert "later" not in grant.workflow_json


def test_retry_makes_a_new_job_with_the_same_input(world: World) -> None:
    grant = world.running(input_data={"month": 5}, priority=2)
    world.finish(grant, "failed", error_message="no")
    again = world.store.retry(grant.job_id, principal="bob")
    assert again.job_id != grant.job_id
    assert (again.status, again.input_data, again.priority) == (JobStatus.PENDING, {"month": 5}, 2)
    assert world.history(again)[0].data["retry_of"] == grant.job_id
    assert world.status(grant) is JobStatus.FAILED


def test_retry_of_an_unfinished_or_completed_job_is_refused(world: World) -> None:
    grant = world.running()
    with pytest.raises(InvalidTransition):
        world.store.retry(grant.job_id, principal="ann")
    world.finish(grant)
    with pytest.raises(InvalidTransition):
        world.store.retry(grant.job_id, principal="ann")
    with pytest.raises(NotFound):
        world.store.retry("nothing", principal="ann")


def test_a_submit_announces_the_history_and_then_the_queue(world: World) -> None:
    job = world.submit()
    kinds = [(c.kind, c.job_id) for c in world.changes[-2:]]
    assert kinds == [("events", job.job_id), ("queue", job.job_id)]
    assert world.changes[-2].last_seq == 1


def test_a_refused_submit_announces_nothing(world: World) -> None:
    world.changes.clear()
    with pytest.raises(NotFound):
        world.submit(workflow_id="nothing")
    assert world.changes == []


def test_a_listener_can_read_what_it_hears_of(world: World) -> None:
    """Nothing is announced before it is committed."""
    found: list[bool] = []

    def look(change: Change) -> None:
        if change.kind == "queue" and change.job_id is not None:
            found.append(listening.job(change.job_id).status is JobStatus.PENDING)

    world.store.close()
    listening = world.open(world.settings, on_change=look, clock=world.clock)
    world.store = listening
    world.submit()
    assert found == [True]
