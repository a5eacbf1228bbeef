"""One job for one Idempotency-Key: in a race, after a restart, after a change of keys (P19)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.conftest import postgresql_url
from tests.orchestrator.support import Running, running

__all__ = ["postgresql_url"]

CLIENTS = 20
BODY = {"workflow_id": "my-workflow", "input_data": {"order": 7}}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    if request.param == "sqlite":
        return {"database": f"sqlite:///{tmp_path / 'jobs.db'}"}
    return {"database": request.getfixturevalue("postgresql_url")}


@pytest.fixture
def served(tmp_path: Path, database: dict[str, str]) -> Iterator[Running]:
    with running(tmp_path / "state", **database) as server:
        server.push()
        yield server


def _submit(server: Running, key: str, **more: Any) -> httpx.Response:
    with server.http(key, timeout=60) as http:
        return http.post("/api/v1/jobs", json=BODY | more, headers={"Idempotency-Key": "order-7"})


def test_twenty_clients_at_once_make_one_job(served: Running) -> None:
    barrier = threading.Barrier(CLIENTS)

    def at_once(_: int) -> httpx.Response:
        barrier.wait(60)
        return _submit(served, served.admin_key)

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(at_once, range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    replayed = [answer for answer in answers if "Idempotency-Replayed" in answer.headers]
    assert len(replayed) == CLIENTS - 1
    assert served.admin.jobs()["total"] == 1


def test_of_twenty_with_different_bodies_one_wins_and_the_others_are_told(served: Running) -> None:
    barrier = threading.Barrier(CLIENTS)

    def at_once(number: int) -> httpx.Response:
        barrier.wait(60)
        return _submit(served, served.admin_key, priority=number)

    with ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(clients.map(at_once, range(CLIENTS)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * (CLIENTS - 1)
    assert served.admin.jobs()["total"] == 1


def test_the_key_is_known_after_a_restart_and_after_a_rotation(
    tmp_path: Path, database: dict[str, str]
) -> None:
    with running(tmp_path / "state", **database) as server:
        server.push()
        made = server.admin.create_key({"role": "operator", "name": "nightly"})
        first = _submit(server, made["api_key"]).json()
        admin_key = server.admin_key
    with running(tmp_path / "state", **database) as server:
        server.admin_key = admin_key
        again = _submit(server, made["api_key"])
        assert again.json()["job_id"] == first["job_id"]
        rotated = server.admin.rotate_key(made["key"]["id"])["api_key"]
        assert _submit(server, made["api_key"]).status_code == 401
        later = _submit(server, rotated)
        assert later.json()["job_id"] == first["job_id"]
        assert later.headers["Idempotency-Replayed"] == "true"
        assert _submit(server, rotated, priority=1).status_code == 422
        assert _submit(server, admin_key).json()["job_id"] != first["job_id"], "another's key"
