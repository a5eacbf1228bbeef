"""Health and readiness: they say what this server can do, not only that it answers."""

from __future__ import annotations

import logging

import pytest

from casare_rpa.errors import Unavailable
from casare_rpa.store.sqlite import SqliteStore
from tests.orchestrator.support import Running, eventually
from tests.support.full_disk import full_disk

_PROBES = ("/ready", "/health/ready")
_LARGE = {"text": "x" * 100_000}


def _store(server: Running) -> SqliteStore:
    assert server.orchestrator.app is not None
    store = server.orchestrator.app.state.desk.store
    assert isinstance(store, SqliteStore)
    return store


def _refused_submit(server: Running) -> None:
    with pytest.raises(Unavailable, match="disk is full"):
        server.submit(input_data=_LARGE)


def test_a_server_that_is_well_says_so(server: Running) -> None:
    with server.http("") as http:
        assert [http.get(path).json() for path in _PROBES] == [{"ready": True, "status": "up"}] * 2
        health = http.get("/health").json()
    assert (health["status"], health["reason"]) == ("healthy", None)


def test_a_server_whose_database_refuses_writes_is_not_ready_until_it_takes_them_again(
    server: Running,
) -> None:
    reason = "the database refuses writes: database or disk is full"
    server.push()
    with server.http("") as http:
        with full_disk(_store(server)):
            _refused_submit(server)
            for path in _PROBES:
                probe = http.get(path)
                assert (probe.status_code, probe.headers["Retry-After"]) == (503, "1")
                assert probe.json() == {"ready": False, "status": "degraded", "reason": reason}
            health = http.get("/health")
            assert health.status_code == 200, "it still answers and reads"
            assert (health.json()["status"], health.json()["reason"]) == ("degraded", reason)
            assert not _store(server).try_write()
            assert http.get("/ready").status_code == 503, "no write has succeeded"
        # Nobody sends work to a server that is not ready: it finds out by itself.
        eventually(lambda: http.get("/ready").status_code == 200)
        assert http.get("/health").json()["status"] == "healthy"
    assert server.submit(input_data=_LARGE)


def test_a_refused_write_is_one_line_in_the_log(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    server.push()
    with full_disk(_store(server)):
        _refused_submit(server)
        _refused_submit(server)
        eventually(lambda: "not ready" in caplog.text)
    eventually(lambda: "takes writes again" in caplog.text)
    lines = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    refused = [line for line in lines if "/api/v1/jobs: the database cannot be written" in line]
    assert len(refused) == 2
    assert [line for line in lines if "refuses writes" in line] == [
        "this server is not ready: the database refuses writes: database or disk is full"
    ]
    assert "sqlalche.me" not in caplog.text
    assert not any("\n" in line for line in lines)
