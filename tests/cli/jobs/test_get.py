from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Robot, Server, error_of


def test_the_job_is_printed_as_the_orchestrator_answers(
    remote: Cli, server: Server, submit: Callable[..., str]
) -> None:
    job_id = submit(input_data={"month": 11})
    done = remote("jobs", "get", job_id, "-o", "json")
    assert done.returncode == 0
    with server.client() as client:
        assert json.loads(done.stdout) == client.job(job_id)
    job = json.loads(done.stdout)
    assert job["input_data"] == {"month": 11}
    assert {"attempt", "failure_reason", "status", "progress"} <= set(job)


def test_in_a_pipe_there_is_a_line_per_member(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    lines = remote("jobs", "get", job_id).stdout.splitlines()
    assert f"job\t{job_id}" in lines
    assert "status\tpending" in lines


def test_latest_stands_for_the_newest_job(
    remote: Cli, workflow: str, submit: Callable[..., str]
) -> None:
    submit()
    newest = submit()
    assert remote("jobs", "get", f"@latest:{workflow}", "-o", "name").stdout == f"{newest}\n"


def test_there_may_be_no_latest_job(remote: Cli, workflow: str) -> None:
    done = remote("jobs", "get", f"@latest:{workflow}")
    assert done.returncode == 4
    assert done.stderr.startswith(f"casare-rpa: there is no job of {workflow} yet")


def test_an_unknown_job_exits_4_with_the_request_id(remote: Cli) -> None:
    done = remote("jobs", "get", "nope")
    assert done.returncode == 4
    assert done.stdout == ""
    assert "nope" in done.stderr.splitlines()[0]
    assert "request id: req_" in done.stderr


def test_an_error_in_json_is_one_object_on_stderr(remote: Cli) -> None:
    error = error_of(remote("jobs", "get", "nope", "-o", "json"))
    assert error["code"] == "RESOURCE_NOT_FOUND"
    assert error["retryable"] is False
    assert error["request_id"].startswith("req_")


def test_the_output_option_is_understood_before_the_command(
    remote: Cli, submit: Callable[..., str]
) -> None:
    job_id = submit()
    assert remote("-o", "name", "job", "get", job_id).stdout == f"{job_id}\n"
    assert remote("jobs", "--output=name", "get", job_id).stdout == f"{job_id}\n"


def test_control_characters_of_a_job_do_not_reach_the_terminal(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(status="failed", error_message="\x1b[31mred\x07 \u202eevil")
    for words in ((), ("-o", "json")):
        shown = remote.on_terminal("jobs", "get", job_id, *words).text
        assert "\x1b[31m" not in shown
        assert "\x07" not in shown
        assert "\u202e" not in shown
        assert "red" in shown


@pytest.mark.parametrize("word", ["active", ".", ""])
def test_what_is_no_id_is_not_found(remote: Cli, word: str) -> None:
    error = error_of(remote("jobs", "get", word, "-o", "json"))
    assert (error["exit_code"], error["hint"]) == (4, "casare-rpa jobs list")
