"""Lease tokens that are wrong, cut, another's or old: none of them changes anything."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.orchestrator.support import running
from tests.support.forgeries import Prey, forge, forgeries, prey
from tests.support.postgres import own_schema, server_address


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Prey]:
    with ExitStack() as stack:
        database = ""
        if request.param == "postgresql":
            address = server_address()
            if address is None:
                pytest.skip("CASARE_TEST_POSTGRES names no PostgreSQL to test with")
            database = stack.enter_context(own_schema(address))
        server = stack.enter_context(running(tmp_path, database=database))
        yield stack.enter_context(prey(server.url, server.admin, server.submit))


def test_no_wrong_token_is_accepted_or_changes_anything(victim: Prey) -> None:
    before = victim.state()
    seen = forge(victim, 200, random.Random(56))
    assert {status for _, _, status in seen} == {410}, seen
    assert victim.state() == before
    assert victim.mine.finish()["status"] == "completed"


def test_a_heartbeat_with_a_wrong_token_renews_nothing(victim: Prey) -> None:
    own = victim.clients["own"]
    for name, shown in forgeries(victim, random.Random(57)).items():
        robot, proof = shown()
        if robot == "own":
            leases = [{"job_id": victim.mine.job_id, **proof}]
            lost = own.heartbeat("own", {"leases": leases})["lost"]
            assert lost == [victim.mine.job_id], name
    assert victim.mine.start("own")["lost"] == []
