"""What becomes of a job whose attempt was lost, by what its workflow says of that (P16)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from casare_rpa.domain.jobs import FailureReason, JobStatus
from casare_rpa.store.tx import sha256
from casare_rpa.wire import EventBatch, Grant, JobRequest
from tests.contract.world import DOCUMENT, World, envelopes, new_key

Lose = Callable[[World, Grant], object]


def _by_the_reaper(world: World, grant: Grant) -> None:
    world.lose(grant)


def _by_the_agents_word(world: World, grant: Grant) -> None:
    world.finish(grant, "failed", failure_reason="agent_lost", error_message="gone")


def _by_a_revoked_key(world: World, grant: Grant) -> None:
    world.store.create_key(new_key("k-r1", kind="robot", role=None, robot_id="r1"))
    world.store.revoke_key("k-r1")


def _by_deleting_the_robot(world: World, grant: Grant) -> None:
    world.store.delete_robot("r1")


def _by_a_release(world: World, grant: Grant) -> None:
    world.release(grant)


EVERY_WAY = pytest.mark.parametrize(
    ("lose", "reason"),
    [
        (_by_the_reaper, FailureReason.LEASE_LOST),
        (_by_the_agents_word, FailureReason.AGENT_LOST),
        (_by_a_revoked_key, FailureReason.LEASE_LOST),
        (_by_deleting_the_robot, FailureReason.LEASE_LOST),
        (_by_a_release, FailureReason.AGENT_STOP),
    ],
    ids=lambda value: value.__name__[1:] if callable(value) else None,
)


def _nothing_is_left_to_claim(world: World) -> None:
    world.clock.advance(world.settings.lost_backoff_max_seconds + 1)
    world.store.requeue_expired()
    world.robot("r2")
    assert world.store.claim("r2", claim_id="another-claim") is None


@EVERY_WAY
def test_a_started_job_that_must_not_run_twice_ends_where_it_was_lost(
    world: World, lose: Lose, reason: FailureReason
) -> None:
    grant = world.running(on_lost="fail", max_retries=5)
    lose(world, grant)
    job = world.store.job(grant.job_id)
    assert (job.status, job.failure_reason) == (JobStatus.FAILED, reason)
    assert "on_lost" in (job.error_message or "")
    letter = world.store.dead_letter(grant.job_id)
    assert (letter.failure_reason, letter.error_message) == (reason, job.error_message)
    _nothing_is_left_to_claim(world)


@EVERY_WAY
def test_a_job_that_may_run_twice_is_offered_again(
    world: World, lose: Lose, reason: FailureReason
) -> None:
    grant = world.running()
    lose(world, grant)
    assert world.status(grant) is JobStatus.PENDING
    assert world.store.dead_letters().total == 0
    world.robot("r1")
    assert world.claim_after_backoff().job_id == grant.job_id


@EVERY_WAY
def test_before_its_start_nothing_ran_so_that_the_job_is_offered_again(
    world: World, lose: Lose, reason: FailureReason
) -> None:
    world.submit(on_lost="fail")
    grant = world.claim()
    lose(world, grant)
    assert world.status(grant) is JobStatus.PENDING


def test_a_missed_start_deadline_is_no_loss_of_work(world: World) -> None:
    world.submit(on_lost="fail")
    grant = world.claim()
    world.clock.advance(world.settings.start_deadline_seconds + 1)
    assert world.store.requeue_expired().requeued == (grant.job_id,)
    assert world.history(grant)[-1].data["reason"] == "not_started"


def test_events_that_come_with_the_loss_show_that_it_had_started(world: World) -> None:
    world.submit(on_lost="fail")
    grant = world.claim()
    events = envelopes("node.started", data=[{"node_id": "pay", "side_effect": True}])
    world.finish(
        grant, "failed", failure_reason="agent_lost", event_count=1, first_index=1, events=events
    )
    assert world.status(grant) is JobStatus.FAILED
    assert world.history(grant)[-1].data["side_effect_nodes"] == ["pay"]


@pytest.mark.parametrize(
    "document",
    [
        {**DOCUMENT, "settings": {"on_lost": "fail"}},
        {"base_workflow": {**DOCUMENT, "settings": {"on_lost": "fail"}}},
        {"base_workflow": DOCUMENT, "default_settings": {"on_lost": "fail"}},
    ],
    ids=["settings", "base_workflow", "default_settings"],
)
def test_the_workflow_says_what_a_loss_means_and_the_request_has_the_last_word(
    world: World, document: dict[str, Any]
) -> None:
    world.store.put_workflow(name="pay", document=document)
    assert world.submit(workflow_id="pay").on_lost == "fail"
    assert world.submit(workflow_id="pay", on_lost="requeue").on_lost == "requeue"
    assert world.submit(workflow_id="invoices").on_lost == "requeue"


def test_a_job_keeps_what_its_version_of_the_workflow_said(world: World) -> None:
    world.store.put_workflow(name="pay", document={**DOCUMENT, "settings": {"on_lost": "fail"}})
    grant = world.running(workflow_id="pay")
    world.store.put_workflow(name="pay", document={**DOCUMENT, "settings": {"on_lost": "requeue"}})
    world.lose(grant)
    assert world.status(grant) is JobStatus.FAILED
    again = world.store.retry(grant.job_id, principal="ann")
    assert again.on_lost == "fail"


def test_a_lost_job_that_was_to_be_cancelled_is_cancelled(world: World) -> None:
    grant = world.running(on_lost="fail")
    world.store.cancel(grant.job_id)
    world.lose(grant)
    assert world.status(grant) is JobStatus.CANCELLED
    assert world.store.dead_letters(pending_only=False).total == 0


# side effects


def _start(world: World, grant: Grant, first_index: int, *nodes: tuple[str, bool]) -> None:
    data = [{"node_id": name} | ({"side_effect": True} if acts else {}) for name, acts in nodes]
    batch = EventBatch(
        attempt=grant.attempt,
        lease_token=grant.lease_token,
        first_index=first_index,
        events=envelopes(*["node.started"] * len(nodes), data=data),
    )
    world.store.append_events("r1", grant.job_id, batch)


@EVERY_WAY
@pytest.mark.parametrize("on_lost", ["requeue", "fail"])
def test_the_story_of_a_lost_attempt_names_the_nodes_that_had_begun_to_act(
    world: World, lose: Lose, reason: FailureReason, on_lost: str
) -> None:
    grant = world.running(on_lost=on_lost)
    _start(world, grant, 1, ("read", False), ("pay", True), ("mail", True), ("pay", True))
    assert world.store.job(grant.job_id).side_effects
    lose(world, grant)
    story = next(e for e in reversed(world.history(grant)) if e.type.startswith("job."))
    assert story.type == ("job.failed" if on_lost == "fail" else "job.requeued")
    assert story.data["side_effects"] is True
    assert story.data["side_effect_nodes"] == ["pay", "mail"]


def test_an_attempt_that_did_not_act_says_nothing_of_it(world: World) -> None:
    grant = world.running()
    _start(world, grant, 1, ("read", False))
    world.lose(grant)
    assert not world.store.job(grant.job_id).side_effects
    assert "side_effects" not in world.history(grant)[-1].data


def test_each_attempt_has_a_mark_of_its_own(world: World) -> None:
    grant = world.running()
    _start(world, grant, 1, ("pay", True))
    world.lose(grant)
    second = world.claim_after_backoff()
    assert not world.store.job(grant.job_id).side_effects
    _start(world, second, 1, ("read", False))
    world.lose(second)
    assert "side_effects" not in world.history(grant)[-1].data


def test_words_that_look_like_the_mark_are_not_one(world: World) -> None:
    grant = world.running()
    _start(world, grant, 1, ("pay", True))
    data = [{"node_id": 'x","side_effect":true,"y":"'}, {"node_id": "z", "side_effect": "true"}]
    batch = EventBatch(
        attempt=1,
        lease_token=grant.lease_token,
        first_index=2,
        events=envelopes("node.started", "node.started", data=data),
    )
    world.store.append_events("r1", grant.job_id, batch)
    world.lose(grant)
    assert world.history(grant)[-1].data["side_effect_nodes"] == ["pay"]


def test_of_very_many_acting_nodes_the_latest_are_named(world: World) -> None:
    grant = world.running()
    _start(world, grant, 1, *((f"n{number}", True) for number in range(500)))
    world.lose(grant)
    named = world.history(grant)[-1].data["side_effect_nodes"]
    assert named == [f"n{number}" for number in range(499, 479, -1)]


def test_a_key_from_before_on_lost_existed_still_fits(world: World) -> None:
    """The digest of a request that says nothing of losses has not changed."""
    request = JobRequest(workflow_id="invoices")
    older = request.model_dump_json(exclude={"on_lost", "on_conflict", "start_in_seconds"})
    first = world.store.submit(request, principal="ann", idempotency_key="k")
    again = world.store.submit(
        request, principal="ann", idempotency_key="k", request_hash=sha256(older)
    )
    assert again.replayed and again.job.job_id == first.job.job_id
