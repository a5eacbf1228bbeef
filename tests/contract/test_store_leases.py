"""Who may speak for a job, and until when."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import LeaseLost, NotFound
from casare_rpa.wire import EventBatch, Grant, Progress, SideLog
from tests.contract.world import World, envelopes, lease, outcome, proof

Speak = Callable[[World, Grant, str], object]


def _append(world: World, grant: Grant, robot_id: str) -> object:
    batch = EventBatch(
        attempt=grant.attempt,
        lease_token=grant.lease_token,
        first_index=1,
        events=envelopes("log"),
    )
    return world.store.append_events(robot_id, grant.job_id, batch)


def _finish(world: World, grant: Grant, robot_id: str) -> object:
    return world.store.finish(robot_id, grant.job_id, outcome(grant))


def _fail(world: World, grant: Grant, robot_id: str) -> object:
    return world.store.finish(robot_id, grant.job_id, outcome(grant, "failed"))


def _release(world: World, grant: Grant, robot_id: str) -> object:
    return world.store.release(robot_id, grant.job_id, proof(grant))


def _extend(world: World, grant: Grant, robot_id: str) -> object:
    return world.store.extend_lease(robot_id, grant.job_id, proof(grant))


def _progress(world: World, grant: Grant, robot_id: str) -> None:
    note = Progress(attempt=grant.attempt, lease_token=grant.lease_token, progress=50)
    world.store.progress(robot_id, grant.job_id, note)


SPEAK = pytest.mark.parametrize(
    "speak", [_append, _finish, _fail, _release, _extend, _progress], ids=lambda f: f.__name__[1:]
)


def _with(grant: Grant, **changes: object) -> Grant:
    return grant.model_copy(update=changes)


def _assert_untouched(world: World, grant: Grant, seq: int) -> None:
    job = world.store.job(grant.job_id)
    assert (job.status, job.attempt, job.last_seq) == (JobStatus.RUNNING, grant.attempt, seq)


@SPEAK
def test_a_wrong_token_changes_nothing(world: World, speak: Speak) -> None:
    grant = world.running()
    seq = world.store.job(grant.job_id).last_seq
    for token in ("x", grant.lease_token[:-1], grant.lease_token + "x", "0" * 64):
        with pytest.raises(LeaseLost):
            speak(world, _with(grant, lease_token=token), "r1")
    _assert_untouched(world, grant, seq)


@SPEAK
def test_the_token_of_another_job_of_the_robot_changes_nothing(world: World, speak: Speak) -> None:
    grant, other = world.running(), world.running()
    seq = world.store.job(grant.job_id).last_seq
    with pytest.raises(LeaseLost):
        speak(world, _with(grant, lease_token=other.lease_token), "r1")
    _assert_untouched(world, grant, seq)


@SPEAK
def test_a_wrong_attempt_changes_nothing(world: World, speak: Speak) -> None:
    grant = world.running()
    seq = world.store.job(grant.job_id).last_seq
    with pytest.raises(LeaseLost):
        speak(world, _with(grant, attempt=grant.attempt + 1), "r1")
    _assert_untouched(world, grant, seq)


@SPEAK
def test_another_robot_with_the_right_token_changes_nothing(world: World, speak: Speak) -> None:
    world.robot("r2")
    grant = world.running()
    seq = world.store.job(grant.job_id).last_seq
    with pytest.raises(LeaseLost):
        speak(world, grant, "r2")
    _assert_untouched(world, grant, seq)


@SPEAK
def test_a_lost_attempt_may_not_speak_while_the_next_one_runs(world: World, speak: Speak) -> None:
    old = world.running()
    world.lose(old)
    new = world.claim_after_backoff()
    world.renew(new)
    seq = world.store.job(new.job_id).last_seq
    with pytest.raises(LeaseLost):
        speak(world, old, "r1")
    # The old token does not serve for the new attempt either.
    with pytest.raises(LeaseLost):
        speak(world, _with(old, attempt=new.attempt), "r1")
    _assert_untouched(world, new, seq)


@SPEAK
def test_a_lost_attempt_may_not_speak_while_the_job_waits(world: World, speak: Speak) -> None:
    old = world.running()
    world.lose(old)
    with pytest.raises(LeaseLost):
        speak(world, old, "r1")
    assert world.status(old) is JobStatus.PENDING


@SPEAK
def test_a_job_that_does_not_exist_is_not_found(world: World, speak: Speak) -> None:
    grant = world.running()
    with pytest.raises(NotFound):
        speak(world, _with(grant, job_id="nothing"), "r1")


def test_a_late_result_is_accepted_while_nobody_took_the_job_back(world: World) -> None:
    grant = world.running()
    world.clock.advance(10 * world.settings.lease_seconds)
    world.append(grant, 1, "log")
    assert world.finish(grant, event_count=1).status is JobStatus.COMPLETED


def test_an_expired_lease_can_be_renewed_until_it_is_revoked(world: World) -> None:
    grant = world.running()
    world.clock.advance(10 * world.settings.lease_seconds)
    world.renew(grant)
    assert not world.store.requeue_expired()


def test_the_first_renewal_starts_the_job(world: World) -> None:
    job = world.submit()
    grant = world.claim()
    assert world.status(job) is JobStatus.CLAIMED
    world.renew(grant)
    world.renew(grant)
    assert world.status(job) is JobStatus.RUNNING
    assert world.types(job) == ["job.queued", "job.claimed", "job.started"]
    started = world.history(job)[-1].data
    assert started == {
        "workflow_id": job.workflow_id,
        "workflow_name": "invoices",
        "robot_id": "r1",
        "total_nodes": 2,
        "attempt": 1,
    }


def test_extending_a_lease_starts_the_job_too(world: World) -> None:
    world.submit()
    grant = world.claim()
    world.store.extend_lease("r1", grant.job_id, proof(grant))
    assert world.status(grant) is JobStatus.RUNNING


def test_a_renewed_lease_lasts_one_lease_time_from_the_renewal(world: World) -> None:
    grant = world.running()
    world.clock.advance(world.settings.lease_seconds - 1)
    world.renew(grant)
    world.clock.advance(world.settings.lease_seconds - 1)
    assert not world.store.requeue_expired()
    world.clock.advance(2)
    assert world.store.requeue_expired().requeued == (grant.job_id,)


def test_an_extension_lasts_as_long_as_it_says_and_a_renewal_does_not_cut_it(world: World) -> None:
    grant = world.running()
    state = world.store.extend_lease("r1", grant.job_id, proof(grant), extension_seconds=600)
    assert (state.lease_seconds, state.cancel_requested) == (600, False)
    world.renew(grant)
    world.clock.advance(599)
    assert not world.store.requeue_expired()
    world.clock.advance(2)
    assert len(world.store.requeue_expired()) == 1


def test_one_heartbeat_renews_many_leases_and_names_the_lost_ones(world: World) -> None:
    kept, lost = world.running(), world.running()
    forged = lease(lost).model_copy(update={"lease_token": "forged"})
    gone = lease(lost).model_copy(update={"job_id": "nothing"})
    renewal = world.store.renew("r1", [lease(kept), forged, gone])
    assert (renewal.cancel, renewal.lost) == ((), (lost.job_id, "nothing"))
    assert world.store.renew("r1", [lease(lost)]).lost == ()


def test_a_heartbeat_does_not_renew_leases_it_does_not_name(world: World) -> None:
    named, unnamed = world.running(), world.running()
    world.clock.advance(world.settings.lease_seconds - 1)
    world.renew(named)
    world.clock.advance(2)
    assert world.store.requeue_expired().requeued == (unnamed.job_id,)


def test_a_heartbeat_tells_which_jobs_to_cancel_and_keeps_their_leases(world: World) -> None:
    grant = world.running()
    world.store.cancel(grant.job_id)
    renewal = world.store.renew("r1", [lease(grant)])
    assert (renewal.cancel, renewal.lost) == ((grant.job_id,), ())
    assert world.store.extend_lease("r1", grant.job_id, proof(grant)).cancel_requested


def test_a_restart_gives_every_live_lease_one_more_lease_time(world: World) -> None:
    running = world.running()
    world.submit()
    claimed = world.claim()
    world.clock.advance(10 * world.settings.lease_seconds)
    world.restart()
    assert world.store.extend_live_leases() == 2
    world.clock.advance(world.settings.lease_seconds - 1)
    assert not world.store.requeue_expired()
    world.renew(running)
    world.clock.advance(2)
    assert world.store.requeue_expired().requeued == (claimed.job_id,)


def test_leases_written_by_a_clock_that_ran_ahead_end_all_the_same(world: World) -> None:
    grant = world.running()
    world.clock.advance(-10 * 365 * 86400)
    world.store.extend_live_leases()
    world.clock.advance(3601)
    assert world.store.requeue_expired().requeued == (grant.job_id,)


def test_the_token_is_nowhere_in_the_database(world: World) -> None:
    from casare_rpa.store.tables import metadata

    world.submit()
    grant = world.claim(claim_id="a-claim-id-of-the-robot")
    world.append(grant, 1, "log")
    store = world.store
    everything = store._read(  # type: ignore[attr-defined]
        lambda tx: [tuple(row) for t in metadata.sorted_tables for row in tx.db.execute(t.select())]
    )
    assert grant.job_id in repr(everything)
    assert grant.lease_token not in repr(everything)
    assert "a-claim-id-of-the-robot" not in repr(everything)


def test_a_side_log_keeps_what_a_lost_attempt_still_had(world: World) -> None:
    old = world.running()
    world.append(old, 1, "log")
    world.lose(old)
    history = world.types(old)
    batch = SideLog(
        attempt=1, lease_token=old.lease_token, first_index=2, events=envelopes("log", "late")
    )
    assert world.store.side_log("r1", old.job_id, batch) == 2
    assert world.store.side_log("r1", old.job_id, batch) == 0
    kept = world.store.side_events(old.job_id)
    assert [(e.seq, e.attempt, e.type) for e in kept] == [(2, 1, "log"), (3, 1, "late")]
    assert world.store.side_events(old.job_id, limit=1) == kept[:1]
    assert world.store.side_events(old.job_id, attempt=1, after=2) == kept[1:]
    assert world.types(old) == history


def test_a_side_log_is_taken_from_the_robot_of_that_attempt_only(world: World) -> None:
    world.robot("r2")
    old = world.running()
    world.lose(old)
    batch = SideLog(attempt=1, lease_token=old.lease_token, first_index=1, events=envelopes("log"))
    refused = [
        ("r2", batch),
        ("r1", batch.model_copy(update={"lease_token": "forged"})),
        ("r1", batch.model_copy(update={"attempt": 2})),
    ]
    for robot_id, forged in refused:
        with pytest.raises(LeaseLost):
            world.store.side_log(robot_id, old.job_id, forged)
    with pytest.raises(NotFound):
        world.store.side_events("nothing")
    with pytest.raises(NotFound):
        world.store.side_log("r1", "nothing", batch)
    assert world.store.side_events(old.job_id) == []
