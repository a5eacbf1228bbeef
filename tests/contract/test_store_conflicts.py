"""What a submit promises that minds the jobs of its workflow which have not ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from casare_rpa.errors import Conflict
from casare_rpa.store import Submitted
from casare_rpa.wire import JobRequest
from tests.contract.world import DOCUMENT, World


def submit(world: World, on_conflict: str, key: str | None = None, **more: Any) -> Submitted:
    request = JobRequest(**{"workflow_id": "invoices", "on_conflict": on_conflict} | more)
    return world.store.submit(request, principal="ann", idempotency_key=key)


@pytest.mark.parametrize("word", ["existing", "skip"])
def test_the_job_that_is_there_is_the_answer(world: World, word: str) -> None:
    first = submit(world, word)
    again = submit(world, word)
    assert (first.submitted, again.submitted) == (True, False)
    assert again.job.job_id == first.job.job_id
    assert world.store.jobs().total == 1


def test_fail_names_the_job_that_is_there(world: World) -> None:
    grant = world.running()
    with pytest.raises(Conflict, match=grant.job_id) as refused:
        submit(world, "fail")
    assert refused.value.details == {"job_id": grant.job_id, "status": "running"}
    assert world.store.jobs().total == 1


def test_queue_submits_anyway(world: World) -> None:
    assert submit(world, "queue").submitted and submit(world, "queue").submitted
    assert world.store.jobs().total == 2


def test_an_ended_job_and_another_workflow_are_in_nobodys_way(world: World) -> None:
    world.store.put_workflow(name="other", document=DOCUMENT)
    world.submit(workflow_id="other")
    ended = world.submit()
    world.store.cancel(ended.job_id)
    assert submit(world, "fail").submitted


def test_the_oldest_open_job_is_the_answer(world: World) -> None:
    first = world.submit()
    world.clock.advance(1)
    world.submit()
    assert submit(world, "existing").job.job_id == first.job_id


def test_twenty_at_once_make_one_job(world: World) -> None:
    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: submit(world, "skip"), range(20)))
    assert sum(each.submitted for each in found) == 1
    assert len({each.job.job_id for each in found}) == 1


def test_an_idempotency_key_remembers_the_answer(world: World) -> None:
    there = world.submit()
    world.clock.advance(1)
    first = submit(world, "existing", "k")
    world.store.cancel(there.job_id)
    again = submit(world, "existing", "k")
    assert (first.submitted, again.replayed, again.submitted) == (False, True, False)
    assert again.job.job_id == there.job_id
    made = submit(world, "existing", "other")
    assert made.submitted and submit(world, "existing", "other").submitted


def test_a_refused_submit_leaves_its_key_unused(world: World) -> None:
    there = world.submit()
    with pytest.raises(Conflict):
        submit(world, "fail", "k")
    world.store.cancel(there.job_id)
    assert submit(world, "fail", "k").submitted


def test_a_delay_counts_from_the_servers_clock(world: World) -> None:
    job = world.submit(start_in_seconds=60)
    world.clock.advance(59)
    assert world.store.claim("r1") is None
    world.clock.advance(2)
    assert world.claim().job_id == job.job_id


def test_of_a_delay_and_a_time_the_later_counts(world: World) -> None:
    soon = datetime.fromtimestamp(world.clock.now + 5, UTC)
    world.submit(start_in_seconds=60, not_before=soon)
    world.clock.advance(30)
    assert world.store.claim("r1") is None


def test_a_repeated_submit_with_a_delay_is_the_same_submit(world: World) -> None:
    first = submit(world, "queue", "k", start_in_seconds=60)
    world.clock.advance(3)
    assert submit(world, "queue", "k", start_in_seconds=60).job.job_id == first.job.job_id
