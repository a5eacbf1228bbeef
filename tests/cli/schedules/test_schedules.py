"""`casare-rpa schedules ...` against a real orchestrator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.support import Cli, Server, error_of

Create = Callable[..., str]


@pytest.fixture
def create(remote: Cli, server: Server, workflow: str) -> Iterator[Create]:
    """Makes a schedule that fires once a year; its id. Deleted after the test."""
    made: list[str] = []

    def create(*words: str, cron: str = "0 6 1 1 *") -> str:
        done = remote("schedules", "create", workflow, "--cron", cron, *words)
        assert done.returncode == 0, done.stderr
        made.append(done.stdout.strip())
        return made[-1]

    yield create
    with server.client() as client:
        for found in client.schedules(workflow_id=workflow):
            client.delete_schedule(found["schedule_id"])


def test_create_prints_the_id_and_notes_the_next_times(
    remote: Cli, server: Server, workflow: str
) -> None:
    done = remote(
        *("schedules", "create", workflow, "--cron", "0 6 * * 1-5", "--name", uuid4().hex),
        *("--timezone", "Europe/Berlin", "--input", "month=11", "--input", "rows:=5"),
        *("--priority", "2", "--environment", "lab", "--catch-up", "none", "--timeout", "10m"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("  fires ") == 3 and "06:00 +0" in done.stderr
    with server.client() as client:
        made = client.schedule(done.stdout.strip())
        client.delete_schedule(made["schedule_id"])
    assert made["input_data"] == {"month": "11", "rows": 5}
    assert (made["priority"], made["environment"], made["catch_up"]) == (2, "lab", "none")
    assert (made["timezone"], made["timeout_seconds"], made["enabled"]) == (
        "Europe/Berlin",
        600,
        True,
    )


def test_a_workflow_file_is_pushed_first(remote: Cli, server: Server, workflow_file: Path) -> None:
    done = remote("schedules", "create", workflow_file, "--cron", "@yearly", "-o", "json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    with server.client() as client:
        client.delete_schedule(made["schedule_id"])
    assert (made["workflow_id"], made["schedule_name"]) == ("greet-people", "greet-people")


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("--cron", "0 0 30 2 *"), "0 0 30 2 *"),
        (("--cron", "every day"), "five fields"),
        (("--cron", "@daily", "--timezone", "Mars"), "Mars"),
        (("--cron", "@daily", "--input", "nonsense"), "nonsense"),
        ((), "--cron"),
    ],
)
def test_what_is_wrong_is_named(
    remote: Cli, workflow: str, words: tuple[str, ...], what: str
) -> None:
    done = remote("schedules", "create", workflow, *words, "-o", "json")
    assert done.returncode == 2
    error = error_of(done)
    assert what in error["message"] and error["hint"]


def test_an_unknown_workflow_and_an_unknown_schedule_are_not_found(remote: Cli) -> None:
    assert remote("schedules", "create", "no-such", "--cron", "@daily").returncode == 4
    for verb in ("get", "next", "enable", "disable", "trigger"):
        done = remote("schedules", verb, "no-such")
        assert done.returncode == 4, verb
        assert "casare-rpa schedules list" in done.stderr


def test_next_shows_the_zone_and_utc(remote: Cli, create: Create) -> None:
    schedule_id = create("--timezone", "America/New_York", cron="30 6 1 1,7 *")
    done = remote("schedules", "next", schedule_id, "--count", "2")
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(rows) == 2
    winter, summer = sorted(rows, key=lambda row: row[1][5:])
    assert winter[0].endswith("-01-01 06:30 -05:00") and winter[1].endswith("-01-01 11:30:00Z")
    assert summer[0].endswith("-07-01 06:30 -04:00") and summer[1].endswith("-07-01 10:30:00Z")
    found = json.loads(remote("schedules", "next", schedule_id, "-o", "json").stdout)
    assert len(found["items"]) == 5 and set(found["items"][0]) == {"local", "utc", "time"}


def test_disable_and_enable(remote: Cli, create: Create) -> None:
    schedule_id = create()
    assert "disabled schedule" in remote("schedules", "disable", schedule_id).stderr
    assert remote("schedules", "next", schedule_id).stdout == ""
    off = json.loads(remote("schedules", "get", schedule_id, "-o", "json").stdout)
    assert (off["enabled"], off["next_run"]) == (False, None)
    on = json.loads(remote("schedules", "enable", schedule_id, "-o", "json").stdout)
    assert on["enabled"] is True and on["next_run"]


def test_a_schedule_may_be_made_without_switching_it_on(remote: Cli, create: Create) -> None:
    schedule_id = create("--disabled")
    assert "state\tdisabled" in remote("schedules", "get", schedule_id).stdout


def test_trigger_prints_the_job(remote: Cli, server: Server, create: Create) -> None:
    schedule_id = create("--input", "who=you", "--disabled", "--robot", "nobody")
    done = remote("schedule", "trigger", schedule_id)
    assert done.returncode == 0, done.stderr
    with server.client() as client:
        job = client.job(done.stdout.strip())
    assert (job["input_data"], job["schedule_id"]) == ({"who": "you"}, schedule_id)
    again = json.loads(remote("schedules", "trigger", schedule_id, "-o", "json").stdout)
    assert again["status"] == "success" and again["job_id"] != job["job_id"]


def test_list_in_its_formats(remote: Cli, workflow: str, create: Create) -> None:
    ids = [create("--name", name) for name in ("first", "second")]
    remote("schedules", "disable", ids[0])
    words = ("schedules", "list", "--workflow", workflow)
    assert remote(*words, "-o", "name").stdout.split() == ids[::-1]
    found = json.loads(remote(*words, "-o", "json").stdout)
    assert found["schema_version"] == 1 and len(found["items"]) == 2
    assert remote(*words, "--disabled", "-o", "name").stdout.split() == ids[:1]
    rows = remote(*words).stdout.splitlines()
    assert [row.split("\t")[1] for row in rows] == ["second", "first"]
    page = json.loads(remote(*words, "--limit", "1", "-o", "json").stdout)
    rest = remote(*words, "--limit", "1", "--cursor", page["next_cursor"], "-o", "name").stdout
    assert rest.split() == ids[:1]


def test_a_workflow_is_meant_by_its_name_too(
    remote: Cli, create: Create, workflow_name: str
) -> None:
    schedule_id = create()
    listed = remote("schedules", "list", "--workflow", workflow_name, "-o", "name")
    assert listed.stdout.split() == [schedule_id]
    unknown = remote("schedules", "list", "--workflow", "no-such", "-o", "json")
    assert error_of(unknown)["code"] == "RESOURCE_NOT_FOUND"


def test_a_name_serves_where_only_one_has_it(remote: Cli, create: Create) -> None:
    name = uuid4().hex
    schedule_id = create("--name", name)
    assert schedule_id in remote("schedules", "get", name).stdout
    create("--name", name)
    done = remote("schedules", "get", name)
    assert done.returncode == 9 and "several schedules" in done.stderr


def test_delete_wants_yes_off_a_terminal(remote: Cli, create: Create) -> None:
    schedule_id = create()
    refused = remote("schedules", "delete", schedule_id)
    assert refused.returncode == 2 and "--yes" in refused.stderr
    assert remote("schedules", "delete", schedule_id, "--yes").returncode == 0
    assert remote("schedules", "delete", schedule_id, "--yes").returncode == 4


def test_a_viewer_may_look_and_not_make(remote: Cli, server: Server, create: Create) -> None:
    schedule_id = create()
    with server.client(server.admin_key) as admin:
        key = admin.create_key({"role": "viewer", "name": "t"})["api_key"]
    viewer = {"CASARE_API_KEY": key}
    assert remote("schedules", "get", schedule_id, env=viewer).returncode == 0
    for verb in ("trigger", "disable"):
        assert remote("schedules", verb, schedule_id, env=viewer).returncode == 5


def test_ids_complete(remote: Cli, create: Create) -> None:
    schedule_id = create()
    # The usual 0.3 s would make a busy machine answer nothing.
    remote.env["CASARE_COMPLETION_SECONDS"] = "60"
    assert schedule_id in remote("__complete", "schedules").stdout.split()
