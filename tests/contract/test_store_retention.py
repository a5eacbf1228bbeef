"""Old jobs go with all that belongs to them, and nothing else goes."""

from __future__ import annotations

import pytest

from casare_rpa.errors import Gone, NotFound
from casare_rpa.wire import Grant
from tests.contract.world import World

DAY = 86400.0


def _old(world: World) -> Grant:
    grant = world.running()
    world.append(grant, 1, "log", "log")
    world.finish(grant, "failed", event_count=2)
    return grant


def test_what_ended_long_ago_is_deleted_and_the_rest_stays(world: World) -> None:
    old = [_old(world) for _ in range(3)]
    long_running, waiting = world.running(), world.submit(not_before="2099-01-01T00:00:00Z")
    world.clock.advance(10 * DAY)
    young = _old(world)
    world.renew(long_running)
    assert world.store.count_prunable(older_than_seconds=9 * DAY) == 3
    assert world.store.prune(older_than_seconds=11 * DAY) == 0
    assert world.store.prune(older_than_seconds=9 * DAY, limit=2) == 2
    assert world.store.prune(older_than_seconds=9 * DAY, limit=2) == 1
    assert world.store.prune(older_than_seconds=9 * DAY, limit=2) == 0
    kept = {job.job_id for job in world.store.jobs().jobs}
    assert kept == {long_running.job_id, waiting.job_id, young.job_id}
    letters = world.store.dead_letters().entries
    assert [letter.original_job_id for letter in letters] == [young.job_id]
    assert len(world.history(young)) > 2
    for grant in old:
        with pytest.raises(Gone):
            world.store.job(grant.job_id)
        with pytest.raises(Gone):
            world.store.events(grant.job_id, after=3)
        with pytest.raises(Gone):
            world.store.side_events(grant.job_id)


def test_a_job_that_never_was_is_not_called_deleted(world: World) -> None:
    old = _old(world)
    with pytest.raises(NotFound) as before:
        world.store.job("0199c0de-7b0a-7000-8000-000000000001")
    assert not isinstance(before.value, Gone)
    world.clock.advance(DAY)
    assert world.store.prune(older_than_seconds=1) == 1
    for unknown in ("nope", world.submit().job_id[:-1] + "x"):
        with pytest.raises(NotFound) as refused:
            world.store.job(unknown)
        assert not isinstance(refused.value, Gone)
    with pytest.raises(Gone):
        world.store.job(old.job_id)


def test_a_forgotten_job_frees_its_idempotency_key(world: World) -> None:
    from casare_rpa.wire import JobRequest

    request = JobRequest(workflow_id="invoices")
    first = world.store.submit(request, principal="ann", idempotency_key="k").job
    world.store.cancel(first.job_id)
    world.clock.advance(10)
    assert world.store.prune(older_than_seconds=1) == 1
    again = world.store.submit(request, principal="ann", idempotency_key="k")
    assert not again.replayed and again.job.job_id != first.job_id
