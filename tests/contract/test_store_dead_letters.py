"""A job that failed for good leaves a letter, and a person decides what becomes of it."""

from __future__ import annotations

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Conflict, NotFound
from casare_rpa.wire import Grant
from tests.contract.world import World

DAY = 86400.0


def _dead(world: World, **more: str) -> Grant:
    grant = world.running()
    about = {"failure_reason": "business_error", "error_message": "no such invoice"} | more
    world.finish(grant, "failed", **about)
    return grant


def test_a_job_that_failed_for_good_leaves_a_letter(world: World) -> None:
    grant = world.running(max_retries=1)
    world.finish(grant, "failed", error_message="first")
    first_failed_at = world.clock.now
    assert world.store.dead_letters().total == 0
    second = world.claim_after_backoff()
    world.finish(second, "failed", error_message="second", error_code="E", failed_node_id="n")
    letter = world.store.dead_letter(grant.job_id)
    assert letter == world.store.dead_letter(letter.id) == world.store.dead_letters().entries[0]
    assert letter.original_job_id == grant.job_id
    assert (letter.workflow_name, letter.error_message) == ("invoices", "second")
    assert letter.retry_count == 1
    assert letter.first_failed_at.timestamp() == first_failed_at
    assert letter.last_failed_at.timestamp() == world.clock.now
    details = letter.error_details
    assert (details["error_code"], details["failed_node_id"], details["attempt"]) == ("E", "n", 2)
    assert (details["robot_id"], details["failures"], details["status"]) == ("r1", 1, "failed")
    assert (letter.reprocessed_at, letter.new_job_id) == (None, None)


def test_a_job_out_of_time_leaves_a_letter(world: World) -> None:
    grant = world.running()
    world.finish(grant, "timeout")
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.failure_reason, letter.error_details["status"]) == ("timeout", "timeout")


def test_a_poison_job_leaves_a_letter(world: World) -> None:
    grant = world.running()
    for _ in range(world.settings.max_crashes):
        world.lose(grant)
        if world.status(grant) is JobStatus.PENDING:
            grant = world.claim_after_backoff()
            world.renew(grant)
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.failure_reason, letter.retry_count) == ("crash_limit", 2)
    assert letter.error_details["crashes"] == world.settings.max_crashes


def test_completed_and_cancelled_jobs_leave_none(world: World) -> None:
    world.finish(world.running())
    cancelled = world.running()
    world.store.cancel(cancelled.job_id)
    world.finish(cancelled, "cancelled")
    world.store.cancel(world.submit().job_id)
    assert world.store.dead_letters(pending_only=False).total == 0


def test_a_refused_finish_leaves_no_letter(world: World) -> None:
    grant = world.running()
    with pytest.raises(Conflict):
        world.finish(grant, "failed", event_count=3)
    assert world.store.dead_letters().total == 0


def test_a_repeated_finish_leaves_one_letter(world: World) -> None:
    grant = _dead(world)
    world.finish(grant, "failed", failure_reason="business_error")
    assert world.store.dead_letters().total == 1


def test_letters_are_listed_newest_first_by_workflow_and_state(world: World) -> None:
    world.store.put_workflow(name="other", document={"nodes": {}})
    first = _dead(world)
    world.clock.advance(1)
    second = _dead(world)
    page = world.store.dead_letters(limit=1)
    assert [letter.original_job_id for letter in page.entries] == [second.job_id]
    assert (page.total, page.pending, page.limit, page.offset) == (2, 2, 1, 0)
    world.store.retry_dead_letter(first.job_id, principal="ann")
    assert [e.original_job_id for e in world.store.dead_letters().entries] == [second.job_id]
    assert world.store.dead_letters(pending_only=False).total == 2
    stats = world.store.dead_letter_stats()
    assert (stats.total, stats.pending, stats.reprocessed) == (2, 1, 1)
    other = world.store.workflow("other").workflow_id
    assert world.store.dead_letters(workflow_id=other).total == 0
    assert world.store.dead_letter_stats(workflow_id=other).total == 0


def test_a_letter_is_retried_once(world: World) -> None:
    grant = _dead(world)
    job = world.store.retry_dead_letter(grant.job_id, principal="ann", by="ann at night")
    assert job.status is JobStatus.PENDING and job.job_id != grant.job_id
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.reprocessed_by, letter.new_job_id) == ("ann at night", job.job_id)
    with pytest.raises(Conflict, match=job.job_id) as refused:
        world.store.retry_dead_letter(letter.id, principal="bob")
    assert refused.value.details["new_job_id"] == job.job_id
    assert world.store.jobs().total == 2


def test_retrying_the_job_deals_with_its_letter_too(world: World) -> None:
    grant = _dead(world)
    job = world.store.retry(grant.job_id, principal="ann")
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.reprocessed_by, letter.new_job_id) == ("ann", job.job_id)
    with pytest.raises(Conflict):
        world.store.retry_dead_letter(grant.job_id, principal="ann")
    later = world.store.retry(grant.job_id, principal="bob")
    assert world.store.dead_letter(grant.job_id).new_job_id == job.job_id != later.job_id


def test_a_deleted_letter_leaves_its_job(world: World) -> None:
    grant = _dead(world)
    letter = world.store.dead_letter(grant.job_id)
    assert world.store.delete_dead_letter(grant.job_id) == letter.id
    assert world.status(grant) is JobStatus.FAILED
    for call in (world.store.dead_letter, world.store.delete_dead_letter):
        with pytest.raises(NotFound):
            call(letter.id)
    with pytest.raises(NotFound):
        world.store.retry_dead_letter(letter.id, principal="ann")


def test_old_letters_are_purged_the_oldest_first_and_some_at_a_time(world: World) -> None:
    old = [_dead(world) for _ in range(3)]
    world.clock.advance(10 * DAY)
    young = _dead(world)
    assert world.store.purge_dead_letters(older_than_seconds=11 * DAY) == 0
    assert world.store.purge_dead_letters(older_than_seconds=9 * DAY, limit=2) == 2
    assert world.store.purge_dead_letters(older_than_seconds=9 * DAY, limit=2) == 1
    assert world.store.purge_dead_letters(older_than_seconds=9 * DAY, limit=2) == 0
    assert [e.original_job_id for e in world.store.dead_letters().entries] == [young.job_id]
    assert world.status(old[0]) is JobStatus.FAILED
