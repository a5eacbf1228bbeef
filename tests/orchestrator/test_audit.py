"""What administrators do leaves one line in the log: who, from where, what."""

from __future__ import annotations

import re

import httpx
import pytest

from casare_rpa.orchestrator.routing import audit_log
from tests.orchestrator.support import Running

WHO = r"^req_\w+ key first \(\w{8}\) from 127\.0\.0\.1: "


def _lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == audit_log.name]


def test_each_act_of_an_administrator_leaves_one_line(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    person = server.admin.create_key({"role": "viewer"})
    robot = server.admin.create_robot_key({"robot_id": "r1"})
    server.client(robot["api_key"]).heartbeat("r1", {})
    server.admin.revoke_key(person["key"]["id"])
    server.admin.rotate_robot_key(robot["key"]["id"])
    server.admin.delete_robot("r1")
    acts = [
        r"POST /api/v1/api-keys",
        r"POST /api/v1/robot-api-keys",
        rf"POST /api/v1/api-keys/{person['key']['id']}/revoke",
        rf"POST /api/v1/robot-api-keys/{robot['key']['id']}/rotate",
        r"DELETE /api/v1/robots/r1",
    ]
    lines = _lines(caplog)
    assert len(lines) == len(acts)
    for line, act in zip(lines, acts, strict=True):
        assert re.search(f"{WHO}{act}$", line), line


def test_what_was_refused_was_not_done(server: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    viewer = server.key("viewer")
    caplog.clear()
    with server.http(viewer) as http:
        assert http.delete("/api/v1/robots/r1").status_code == 403
    with server.http() as http:
        assert http.delete("/api/v1/robots/none").status_code == 404
    assert _lines(caplog) == []


def test_nobody_writes_lines_of_their_own_into_the_log(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    forged = "x%0Areq_1%20key%20first%20from%20127.0.0.1:%20DELETE%20everything"
    statuses = []
    with server.http() as http:
        for path in (f"/api/v1/robots/{forged}", f"/{forged}", f"/api/v1/jobs/{forged}"):
            response: httpx.Response = http.delete(path)
            statuses.append(response.status_code)
            http.get(path, headers={"X-Request-ID": "a b", "User-Agent": "a\tb"})
    assert all(400 <= status < 500 for status in statuses)
    ours = [record.getMessage() for record in caplog.records if "casare" in record.name]
    assert not any("\n" in line or "everything" in line for line in ours)


def test_what_is_gone_for_good_is_written_down(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with server.http() as http:
        assert http.post("/api/v1/dlq/purge", json={"older_than_days": 1}).status_code == 200
    assert [line for line in _lines(caplog) if re.search(f"{WHO}POST /api/v1/dlq/purge$", line)]
