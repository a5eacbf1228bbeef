from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Robot, Server, error_of


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
    cursor = first["next_cursor"]
    rest = remote("jobs", "list", "--workflow", workflow, "--cursor", cursor, "-o", "name").stdout
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


def test_colour_may_be_asked_for_in_a_pipe(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    remote("jobs", "cancel", submit())
    words = ("jobs", "list", "--workflow", workflow)
    assert "\t\x1b[33mcancelled\x1b[0m\t" in remote(*words, env={"CLICOLOR_FORCE": "1"}).stdout
    both = {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}
    assert "\x1b" not in remote(*words, env=both).stdout + remote(*words).stdout


def test_no_color_is_respected(remote: Cli, workflow: str, submit: Callable[..., str]) -> None:
    submit()
    words = ("jobs", "list", "--workflow", workflow)
    assert "\x1b[3" not in remote.on_terminal(*words, env={"NO_COLOR": "1"}).text
    assert "\x1b[3" not in remote.on_terminal(*words, "--no-color").text
    assert "\x1b" not in remote.on_terminal(*words, env={"TERM": "dumb"}).text


def test_nothing_found_is_nothing_printed(remote: Cli, workflow: str) -> None:
    done = remote("jobs", "list", "--workflow", workflow)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_workflow_is_meant_by_its_name_too(
    remote: Cli, server: Server, workflow: str, workflow_name: str
) -> None:
    with server.client() as client:
        job_id = client.submit({"workflow_id": workflow, "robot_id": "nobody"})["job_id"]
        for word in (workflow, workflow_name):
            assert remote("jobs", "list", "--workflow", word, "-o", "name").stdout == f"{job_id}\n"
            assert remote("jobs", "get", f"@latest:{word}", "-o", "name").stdout == f"{job_id}\n"
        client.cancel(job_id)
        client.delete_workflow(workflow)
    deleted = remote("jobs", "list", "--workflow", workflow, "-o", "name")
    assert deleted.stdout == f"{job_id}\n", "its jobs are still known by its id"


@pytest.mark.parametrize(
    "words",
    [
        ("list", "--workflow", "Nope"),
        ("get", "@latest:Nope"),
        ("cancel", "--filter", "workflow=Nope", "--yes"),
    ],
)
def test_a_workflow_that_is_not_there_is_no_empty_list(remote: Cli, words: tuple[str, ...]) -> None:
    done = remote("jobs", *words)
    assert (done.returncode, done.stdout) == (4, "")
    assert "there is no workflow 'Nope'" in done.stderr


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


def test_several_states_are_one_list(remote: Cli, submit: Callable[..., str]) -> None:
    waiting, cancelled = submit(), submit()
    remote("jobs", "cancel", cancelled)
    workflow_id = json.loads(remote("jobs", "get", waiting, "-o", "json").stdout)["workflow_id"]
    words = ("jobs", "list", "--workflow", workflow_id, "-o", "name")
    for states in (("--status", "pending,cancelled"), ("--status=pending", "--status=cancelled")):
        assert set(remote(*words, *states).stdout.split()) == {waiting, cancelled}
    assert remote(*words, "--status", "pending,completed").stdout.split() == [waiting]
    assert remote(*words, "--environment", "elsewhere").stdout == ""
    assert remote(*words, "--status", "pending,asleep").returncode == 2


def test_all_pages_come_one_after_the_other(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    ids = [submit() for _ in range(5)][::-1]
    words = ("jobs", "list", "--workflow", workflow, "--all", "--limit", "2")
    assert remote(*words, "-o", "name").stdout.split() == ids
    lines = remote(*words).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == ids
    found = json.loads(remote(*words, "-o", "json").stdout)
    assert [job["job_id"] for job in found["items"]] == ids and found["next_cursor"] is None


def test_a_terminal_is_told_how_to_go_on(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    for _ in range(2):
        submit()
    shown = remote.on_terminal("jobs", "list", "--workflow", workflow, "--limit", "1")
    assert "there are more: add --all, or --cursor " in shown.text
    whole = remote.on_terminal("jobs", "list", "--workflow", workflow, "--all", "--limit", "1")
    assert "there are more" not in whole.text and whole.text.count("WORKFLOW") == 1


def test_filters_and_orders_go_together(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    first = submit(tags=["a", "b"], priority=3)
    second = submit(tags=["b"], priority=1)
    words = ("jobs", "list", "--workflow", workflow, "-o", "name")

    def found(*more: str) -> list[str]:
        return remote(*words, *more).stdout.split()

    assert found("--tag", "a", "--tag", "b", "--robot", "nobody", "--since", "1h") == [first]
    assert found("--sort", "priority") == found("--sort", "-created") == [second, first]
    assert found("--sort", "created") == found("--sort", "-priority") == [first, second]
    assert found("--priority", "3", "--until", "2100-01-01T00:00Z") == [first]
    assert found("--until", "1h") == found("--ended-since", "2020-01-01T00:00Z") == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--cursor", "made-up"), "the cursor is refused"),
        (("--since", "soon"), "--since: 'soon' is no time"),
        (("--until", "2026-12-01"), "Write 2026-12-01T00:00Z for UTC"),
        (("--sort", "size"), "size"),
    ],
)
def test_what_no_list_can_be_made_of_is_refused(
    remote: Cli, words: tuple[str, str], told: str
) -> None:
    done = remote("jobs", "list", *words)
    assert (done.returncode, done.stdout) == (2, "") and told in done.stderr


def test_an_unknown_status_is_told_with_the_known_ones(cli: Cli) -> None:
    error = error_of(cli("jobs", "list", "--status", "failed,bogus", "-o", "json"))
    assert (error["exit_code"], error["message"]) == (2, "--status: 'bogus' is no status of a job")
    assert "pending" in error["hint"]


def test_a_robot_that_is_not_there_is_an_error_unless_it_has_jobs(
    remote: Cli, submit: Callable[..., str], robot: Robot
) -> None:
    error = error_of(remote("jobs", "list", "--robot", "nosuch", "-o", "json"))
    assert (error["exit_code"], error["hint"]) == (4, "casare-rpa robots list")
    job_id = submit()  # for a robot that never came
    assert job_id in remote("jobs", "list", "--robot", "nobody", "-o", "name").stdout
    assert remote("jobs", "list", "--robot", robot.robot_id).returncode == 0
