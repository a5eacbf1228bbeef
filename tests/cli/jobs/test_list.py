from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, error_of


def test_a_list_in_json_has_items_and_a_cursor(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    ids = [submit() for _ in range(3)]
    done = remote("jobs", "list", "--workflow", workflow, "-o", "json")
    found = json.loads(done.stdout)
    assert found["schema_version"] == 1
    assert found["next_cursor"] is None
    assert [job["job_id"] for job in found["items"]] == ids[::-1]


def test_the_cursor_leads_through_a_long_list(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    ids = {submit() for _ in range(3)}
    first = json.loads(
        remote("jobs", "list", "--workflow", workflow, "--limit", "2", "-o", "json").stdout
    )
    assert first["next_cursor"] == "2"
    rest = remote("jobs", "list", "--workflow", workflow, "--cursor", "2", "-o", "name").stdout
    assert {job["job_id"] for job in first["items"]} | set(rest.split()) == ids


def test_jsonl_is_a_job_per_line(remote: Cli, workflow: str, submit: Callable[..., str]) -> None:
    ids = [submit() for _ in range(2)]
    lines = remote("jobs", "list", "--workflow", workflow, "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["job_id"] for line in lines] == ids[::-1]


def test_a_pipe_gets_tabs_and_whole_ids_and_no_header(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    job_id = submit()
    lines = remote(
        "jobs", "list", "--workflow", workflow, env={"COLUMNS": "20"}
    ).stdout.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [[job_id, workflow, "pending"]]


def test_a_terminal_gets_a_header_and_colour(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    job_id = submit()
    shown = remote.on_terminal("jobs", "list", "--workflow", workflow)
    assert shown.code == 0
    assert "WORKFLOW" in shown.text
    assert job_id in shown.text
    assert "\x1b[" in shown.text


def test_no_color_is_respected(remote: Cli, workflow: str, submit: Callable[..., str]) -> None:
    submit()
    words = ("jobs", "list", "--workflow", workflow)
    assert "\x1b[3" not in remote.on_terminal(*words, env={"NO_COLOR": "1"}).text
    assert "\x1b[3" not in remote.on_terminal(*words, "--no-color").text
    assert "\x1b" not in remote.on_terminal(*words, env={"TERM": "dumb"}).text


def test_nothing_found_is_nothing_printed(remote: Cli, workflow: str) -> None:
    done = remote("jobs", "list", "--workflow", workflow)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_wrong_status_is_refused(remote: Cli) -> None:
    assert error_of(remote("jobs", "list", "--status", "sleeping", "-o", "json"))["exit_code"] == 2


def test_a_wrong_key_exits_7(remote: Cli) -> None:
    done = remote("jobs", "list", env={"CASARE_API_KEY": "sk_live_" + "x" * 46})
    assert done.returncode == 7
    assert done.stdout == ""


def test_a_missing_key_is_explained(remote: Cli) -> None:
    done = remote("jobs", "list", env={"CASARE_API_KEY": ""})
    assert done.returncode == 7
    assert "CASARE_API_KEY_FILE" in done.stderr


def test_a_refused_connection_exits_3(cli: Cli) -> None:
    done = cli("jobs", "list", "--url", "http://127.0.0.1:9")
    assert done.returncode == 3
    assert done.stderr.startswith("casare-rpa: no orchestrator answered at http://127.0.0.1:9")
    assert error_of(cli("jobs", "list", "--url", "http://127.0.0.1:9", "-o", "json"))["retryable"]


def test_a_wrong_address_exits_6(cli: Cli) -> None:
    assert cli("jobs", "list", "--url", "ftp://nowhere").returncode == 6
