from __future__ import annotations

import gzip
import json
from collections.abc import Callable

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


def test_the_body_may_be_made_of_fields_and_headers_go_along(remote: Cli, workflow: str) -> None:
    words = ("-F", f"workflow_id={workflow}", "-F", "robot_id=nobody", "-F", "priority:=3")
    key = ("-H", f"Idempotency-Key: {workflow}")
    first, second = (
        json.loads(remote("api", "POST", "/jobs", *words, *key).stdout) for _ in range(2)
    )
    assert (first["priority"], first["job_id"]) == (3, second["job_id"])


def test_all_pages_of_a_list_come_as_one(remote: Cli, submit: Callable[..., str]) -> None:
    ids = [submit() for _ in range(3)]
    job = json.loads(remote("api", "GET", f"/jobs/{ids[0]}").stdout)
    words = ("api", "GET", "/jobs", "--paginate", "--param", f"workflow_id={job['workflow_id']}")
    lines = remote(*words, "--param", "limit=1", "-o", "jsonl", "--json", "job_id").stdout
    assert [json.loads(line)["job_id"] for line in lines.splitlines()] == ids[::-1]
    whole = json.loads(remote(*words, "--param", "limit=2").stdout)
    assert (len(whole["jobs"]), whole["total"]) == (3, 3)


def test_the_schema_of_an_answer_is_printed(cli: Cli) -> None:
    found = json.loads(cli("api", "schema", "jobs", "list").stdout)
    assert found["title"] == "jobs list" and "next_cursor" in found["required"]
    assert {"error", "jobs list"} <= set(cli("api", "schema", "-o", "name").stdout.splitlines())
    assert cli("api", "schema", "nope").returncode == 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("GET",), 2),
        (("GET", "/jobs", "/robots"), 2),
        (("GET", "/jobs", "-H", "nonsense"), 2),
        (("POST", "/jobs", "-d", "{}", "-F", "a=b"), 2),
        (("POST", "/jobs", "--paginate"), 2),
        (("GET", "/jobs", "--paginate", "--include"), 2),
        (("POST", "/jobs", "-d", "{}", "--input", "x"), 2),
        (("GET", "/health", "--root", "--paginate"), 2),
        (("GET", "/nope"), 4),
        (("FETCH", "/jobs"), 2),
        (("POST", "/jobs", "-d", "{"), 2),
        (("POST", "/jobs", "-d", "{}"), 2),
    ],
)
def test_errors_have_their_exit_codes(remote: Cli, words: tuple[str, ...], code: int) -> None:
    assert error_of(remote("api", *words, "-o", "json"))["exit_code"] == code


def test_the_status_and_the_headers_are_shown_when_asked_for(remote: Cli) -> None:
    head, _, body = remote("api", "GET", "/health", "--root", "-i").stdout.partition("\n\n")
    assert head.startswith("HTTP/1.1 200 OK\n") and "\nx-request-id: req_" in head.lower()
    assert json.loads(body)["status"] == "healthy"
    refused = remote("api", "GET", "/nope", "-i")
    assert refused.returncode == 4 and refused.stdout.startswith("HTTP/1.1 404 ")


def test_a_body_may_be_sent_as_it_is(remote: Cli, workflow: str) -> None:
    packed = gzip.compress(json.dumps({"workflow_id": workflow, "robot_id": "nobody"}).encode())
    (remote.folder / "body.gz").write_bytes(packed)
    words = ("api", "POST", "/jobs", "--input")
    job = json.loads(remote(*words, "body.gz", "-H", "Content-Encoding: gzip").stdout)
    assert job["workflow_id"] == workflow
    other = remote(*words, "-", "-H", "content-type: text/plain", stdin="hello")
    assert other.returncode == 2 and "415" not in other.stdout
    assert remote(*words, "nowhere").returncode == 2


def test_a_bare_list_is_paged_by_its_header(remote: Cli, workflow: str) -> None:
    for number in range(3):
        remote("schedules", "create", workflow, "--cron", "@yearly", "--name", f"s{number}")
    words = ("api", "GET", "/schedules", "--param", f"workflow_id={workflow}", "--paginate")
    assert len(json.loads(remote(*words, "--param", "limit=2").stdout)) == 3
    listed = remote(
        "schedules", "list", "--workflow", workflow, "--all", "--limit", "2", "-o", "name"
    )
    assert len(set(listed.stdout.split())) == 3


def test_json_without_fields_is_a_usage_error(cli: Cli) -> None:
    done = cli("api", "GET", "/jobs", "--json")
    assert done.returncode == 2
    assert error_of(done)["message"] == "--json: what api prints has no fixed fields"
