from __future__ import annotations

import json

import pytest

from tests.cli.support import Cli, error_of


def test_any_endpoint_is_reached(remote: Cli, workflow: str) -> None:
    body = json.dumps({"workflow_id": workflow, "robot_id": "nobody"})
    job = json.loads(remote("api", "POST", "/jobs", "--data", body).stdout)
    words = ("api", "get", "/api/v1/jobs", "--param", f"workflow_id={workflow}")
    found = json.loads(remote(*words).stdout)
    assert [item["job_id"] for item in found["jobs"]] == [job["job_id"]]


def test_the_body_may_come_from_stdin_or_a_file(remote: Cli, workflow: str) -> None:
    body = json.dumps({"workflow_id": workflow, "robot_id": "nobody"})
    (remote.folder / "body.json").write_text(body)
    assert remote("api", "POST", "/jobs", "-d", "-", stdin=body).returncode == 0
    assert remote("api", "POST", "/jobs", "-d", "@body.json").returncode == 0


def test_the_health_lies_at_the_root(remote: Cli) -> None:
    found = json.loads(remote("api", "GET", "/health", "--root").stdout)
    assert found["status"] == "healthy"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("GET", "/nope"), 4),
        (("FETCH", "/jobs"), 2),
        (("POST", "/jobs", "-d", "{"), 2),
        (("POST", "/jobs", "-d", "{}"), 2),
    ],
)
def test_errors_have_their_exit_codes(remote: Cli, words: tuple[str, ...], code: int) -> None:
    assert error_of(remote("api", *words, "-o", "json"))["exit_code"] == code
