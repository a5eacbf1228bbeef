"""Several orchestrators on one PostgreSQL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import ConfigInvalid, Unavailable
from casare_rpa.settings import Settings
from casare_rpa.store import Store, open_store
from casare_rpa.wire import JobRequest, RobotRegistration
from tests.contract.world import DOCUMENT, new_key, outcome

pytestmark = pytest.mark.postgres


@pytest.fixture
def two(postgresql_url: str) -> Iterator[tuple[Store, Store]]:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: open_store(postgresql_url, Settings()), range(2))
    first.put_workflow(name="w", document=DOCUMENT)
    for number in range(4):
        first.register(RobotRegistration(robot_id=f"r{number}", name=f"r{number}", hostname="host"))
    yield first, second
    first.close()
    second.close()


def test_two_orchestrators_never_hand_out_one_job_twice(two: tuple[Store, Store]) -> None:
    request = JobRequest(workflow_id="w")
    jobs = {two[0].submit(request, principal="ann").job.job_id for _ in range(60)}

    def claim_all(number: int) -> list[str]:
        mine = []
        while grant := two[number % 2].claim(f"r{number}", claim_id=uuid.uuid4().hex):
            mine.append(grant.job_id)
        return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [job_id for mine in pool.map(claim_all, range(4)) for job_id in mine]
    assert sorted(claimed) == sorted(jobs)


def test_a_job_claimed_here_can_be_finished_there(two: tuple[Store, Store]) -> None:
    two[0].submit(JobRequest(workflow_id="w"), principal="ann")
    grant = two[0].claim("r0", claim_id="claim-0001")
    assert grant is not None
    assert two[1].claim("r0", claim_id="claim-0001") == grant
    assert two[1].finish("r0", grant.job_id, outcome(grant)).status is JobStatus.COMPLETED
    assert two[0].finish("r0", grant.job_id, outcome(grant)).status is JobStatus.COMPLETED


def test_one_idempotency_key_on_two_orchestrators_makes_one_job(two: tuple[Store, Store]) -> None:
    def submit(number: int) -> str:
        request = JobRequest(workflow_id="w")
        store = two[number % 2]
        return store.submit(request, principal="ann", idempotency_key="k").job.job_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(submit, range(16)))) == 1


def test_of_two_orchestrators_that_start_first_one_makes_the_key(two: tuple[Store, Store]) -> None:
    def start(number: int) -> object:
        return two[number % 2].create_first_admin_key(new_key(f"k{number}"))

    with ThreadPoolExecutor(8) as pool:
        assert len([key for key in pool.map(start, range(8)) if key is not None]) == 1


def test_commits_wait_for_the_disk(two: tuple[Store, Store]) -> None:
    setting = two[0]._read(  # type: ignore[attr-defined]
        lambda tx: tx.db.exec_driver_sql("SHOW synchronous_commit").scalar()
    )
    assert setting == "on"


def test_the_databases_clock_decides(two: tuple[Store, Store]) -> None:
    clocks = [store.clock() for store in two]  # type: ignore[attr-defined]
    assert abs(clocks[0] - clocks[1]) < 1


def test_a_database_that_does_not_answer_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        open_store("postgresql://nobody@127.0.0.1:1/nothing", Settings())


def test_an_unknown_kind_of_database_is_refused() -> None:
    with pytest.raises(ConfigInvalid):
        open_store("mysql://localhost/jobs", Settings())
