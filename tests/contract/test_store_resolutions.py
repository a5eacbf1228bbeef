"""What a person says of an outcome that the system cannot know."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import Conflict, InvalidTransition, LeaseLost, NotFound
from casare_rpa.wire import EventBatch, Grant, Job, Resolve, ResolvedOutcome
from tests.contract.world import World, envelopes


def resolve(world: World, job_id: str, outcome: ResolvedOutcome, reason: str = "seen it") -> Job:
    word = Resolve(outcome=outcome, reason=reason)
    return world.store.resolve(job_id, word, principal="ann")


def failed(world: World) -> Grant:
    grant = world.running()
    world.finish(grant, "failed", error_message="no")
    return grant


def lost_in_the_middle(world: World, **more: str) -> Grant:
    """A job whose attempt had begun to act on the outside world, and was lost."""
    grant = world.running(**more)
    began = {"node_id": "pay", "side_effect": True}
    batch: dict[str, Any] = {
        "attempt": grant.attempt,
        "lease_token": grant.lease_token,
        "first_index": 1,
    }
    events = envelopes("node.started", data=[began])
    world.store.append_events("r1", grant.job_id, EventBatch(**batch, events=events))
    world.lose(grant)
    world.store.renew("r1")
    return grant


# A job that has ended


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_the_status_stays_and_the_word_stands_beside_it(
    world: World, outcome: ResolvedOutcome
) -> None:
    grant = failed(world)
    world.clock.advance(5)
    job = resolve(world, grant.job_id, outcome, "paid by hand")
    assert job.status is JobStatus.FAILED
    assert job.resolution is not None
    assert job.resolution.model_dump() == {
        "outcome": outcome,
        "reason": "paid by hand",
        "resolved_by": "ann",
        "resolved_at": datetime.fromtimestamp(world.clock.now, UTC),
        "new_job_id": None,
    }
    assert world.types(grant)[-2:] == ["job.failed", "job.resolved"]
    assert world.history(grant)[-1].data == {
        "outcome": outcome, "reason": "paid by hand", "resolved_by": "ann",
    }  # fmt: skip
    assert job.last_seq == len(world.history(grant))


def test_its_dead_letter_is_dealt_with(world: World) -> None:
    grant = failed(world)
    resolve(world, grant.job_id, "succeeded")
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.reprocessed_by, letter.new_job_id) == ("ann", None)
    assert world.store.dead_letters().total == 0
    with pytest.raises(Conflict, match="resolved before, by ann"):
        world.store.retry_dead_letter(grant.job_id, principal="bob")


def test_what_had_succeeded_is_not_run_again(world: World) -> None:
    grant = failed(world)
    resolve(world, grant.job_id, "succeeded")
    with pytest.raises(InvalidTransition, match="resolved as succeeded by ann"):
        world.store.retry(grant.job_id, principal="bob")
    assert world.store.jobs().total == 1


def test_requeue_makes_one_new_job(world: World) -> None:
    grant = failed(world)
    first = resolve(world, grant.job_id, "requeue")
    again = resolve(world, grant.job_id, "requeue")
    assert first == again
    assert first.resolution is not None and first.resolution.new_job_id is not None
    new = world.store.job(first.resolution.new_job_id)
    assert new.status is JobStatus.PENDING
    assert world.store.dead_letter(grant.job_id).new_job_id == new.job_id
    assert world.store.jobs().total == 2


def test_of_twenty_at_once_one_requeues(world: World) -> None:
    grant = failed(world)
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: resolve(world, grant.job_id, "requeue"), range(20)))
    assert len({job.resolution.new_job_id for job in found if job.resolution}) == 1
    assert world.store.jobs().total == 2


def test_what_was_run_again_before_is_not_requeued(world: World) -> None:
    grant = failed(world)
    world.store.retry(grant.job_id, principal="bob")
    with pytest.raises(Conflict, match="retried before"):
        resolve(world, grant.job_id, "requeue")
    assert world.store.jobs().total == 2


def test_another_word_is_refused_and_the_same_changes_nothing(world: World) -> None:
    grant = failed(world)
    resolve(world, grant.job_id, "failed", "gone for good")
    assert resolve(world, grant.job_id, "failed", "as I said").resolution is not None
    with pytest.raises(Conflict, match="failed by ann before: gone for good"):
        resolve(world, grant.job_id, "succeeded")
    assert world.types(grant).count("job.resolved") == 1


def test_a_job_without_its_letter_is_resolved_all_the_same(world: World) -> None:
    grant = failed(world)
    world.store.delete_dead_letter(grant.job_id)
    assert resolve(world, grant.job_id, "succeeded").resolution is not None


# A job that waits for another attempt


@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
def test_a_waiting_job_is_not_run_again(world: World, outcome: ResolvedOutcome) -> None:
    grant = lost_in_the_middle(world)
    job = resolve(world, grant.job_id, outcome)
    assert job.status is JobStatus.CANCELLED
    assert job.resolution is not None and job.resolution.outcome == outcome
    assert world.types(grant)[-2:] == ["job.resolved", "job.cancelled"]
    world.clock.advance(world.settings.lost_backoff_max_seconds + 1)
    assert world.store.claim("r1") is None


def test_requeue_offers_a_waiting_job_at_once_and_for_this_time_only(world: World) -> None:
    grant = lost_in_the_middle(world)
    world.changes.clear()
    job = resolve(world, grant.job_id, "requeue")
    assert (job.status, job.resolution) == (JobStatus.PENDING, None)
    assert "queue" in [change.kind for change in world.changes]
    assert world.claim().job_id == grant.job_id
    assert "job.resolved" in world.types(grant)


def test_the_word_of_a_late_robot_changes_nothing(world: World) -> None:
    grant = lost_in_the_middle(world)
    resolve(world, grant.job_id, "succeeded")
    with pytest.raises(LeaseLost):
        world.finish(grant, event_count=1)
    assert world.status(grant) is JobStatus.CANCELLED


# No doubt, no word


def test_a_job_whose_outcome_is_known_or_still_to_come_is_refused(world: World) -> None:
    waiting = world.submit(robot_id="nobody")
    with pytest.raises(InvalidTransition, match="pending"):
        resolve(world, waiting.job_id, "succeeded")
    grant = world.running()
    with pytest.raises(InvalidTransition, match="r1 may still say") as refused:
        resolve(world, grant.job_id, "succeeded")
    assert refused.value.hint is not None and "jobs cancel" in refused.value.hint
    world.finish(grant)
    with pytest.raises(InvalidTransition, match="completed"):
        resolve(world, grant.job_id, "failed")
    world.store.cancel(waiting.job_id)
    with pytest.raises(InvalidTransition, match="cancelled"):
        resolve(world, waiting.job_id, "failed")
    with pytest.raises(NotFound):
        resolve(world, "nothing", "failed")


def test_a_lost_attempt_that_had_not_acted_leaves_no_doubt(world: World) -> None:
    grant = world.running()
    world.lose(grant)
    with pytest.raises(InvalidTransition, match="done nothing yet"):
        resolve(world, grant.job_id, "succeeded")


def test_a_job_cancelled_after_it_had_acted_is_in_doubt(world: World) -> None:
    grant = lost_in_the_middle(world)
    world.store.cancel(grant.job_id)
    job = resolve(world, grant.job_id, "succeeded")
    assert (job.status, job.resolution is not None) == (JobStatus.CANCELLED, True)


def test_a_job_given_up_by_on_lost_fail_is_resolved(world: World) -> None:
    grant = lost_in_the_middle(world, on_lost="fail")
    assert world.status(grant) is JobStatus.FAILED
    assert resolve(world, grant.job_id, "succeeded").failure_reason == "lease_lost"
