from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import document
from tests.cli.support import Cli, Robot, start_server, steps


def test_it_ends_with_the_job(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = submit(robot)
    waiting = remote.start("jobs", "wait", job_id)
    robot.run(*steps("a"))
    stdout, stderr = waiting.communicate(timeout=100)
    assert (waiting.returncode, stdout) == (0, "")
    assert f"job {job_id} completed" in stderr


def test_a_failed_job_names_its_error_and_the_next_command(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(status="failed", error_message="no such file", failed_node_id="read")
    done = remote("jobs", "wait", job_id)
    assert done.returncode == 1
    assert "failed" in done.stderr
    assert "at read: no such file" in done.stderr
    assert f"casare-rpa jobs trace {job_id}" in done.stderr
    # Its robot told of no place where it could be taken up again.
    assert f"casare-rpa jobs rerun {job_id} --all" in done.stderr


def test_a_wait_that_runs_out_exits_8(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    done = remote("jobs", "wait", job_id, "--wait-timeout", "200ms", "-o", "json")
    assert done.returncode == 8
    assert json.loads(done.stdout)["status"] == "pending"


@pytest.mark.parametrize("seconds", ["0s", "1ms"])
@pytest.mark.parametrize("verb", ["wait", "watch"])
def test_a_job_that_has_ended_when_the_time_runs_out_has_ended(
    remote: Cli, robot: Robot, submit: Callable[..., str], verb: str, seconds: str
) -> None:
    job_id = submit(robot)
    robot.run(*steps("a"))
    done = remote("jobs", verb, job_id, "--wait-timeout", seconds)
    assert done.returncode == 0
    assert f"job {job_id} completed" in done.stderr
    assert "still" not in done.stderr


def test_steps_that_there_was_no_time_to_show_are_not_passed_over(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(*steps(*(f"n{number}" for number in range(600))))  # more than one page
    words = ("jobs", "watch", job_id, "--wait-timeout", "0s")
    for more in ((), ("-o", "jsonl")):
        done = remote(*words, *more)
        assert done.returncode == 0
        assert "not all of its steps were shown" in done.stderr
        assert f"casare-rpa jobs watch {job_id} --after " in done.stderr
    assert "not all" not in remote("jobs", "wait", job_id, "--wait-timeout", "0s").stderr


def test_a_job_that_no_robot_can_take_says_why(remote: Cli, submit: Callable[..., str]) -> None:
    words = ("jobs", "wait", submit(), "--wait-timeout", "200ms")
    told = [line for line in remote(*words).stderr.splitlines() if line.startswith("note: ")]
    assert len(told) == 1 and "nobody" in told[0]
    assert "note: " not in remote(*words, "-q").stderr


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "wait", "nope").returncode == 4


@pytest.mark.parametrize("verb", ["wait", "watch"])
def test_quiet_still_reports_a_failure(
    remote: Cli, robot: Robot, submit: Callable[..., str], verb: str
) -> None:
    job_id = submit(robot)
    robot.run(status="failed", error_message="no such file", failed_node_id="read")
    done = remote("jobs", verb, job_id, "--quiet")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"job {job_id} failed" in done.stderr
    assert "at read: no such file" in done.stderr


def test_quiet_still_reports_a_wait_that_ran_out(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    done = remote("jobs", "wait", job_id, "--wait-timeout", "200ms", "-q")
    assert (done.returncode, done.stdout) == (8, "")
    assert f"casare-rpa jobs watch {job_id}" in done.stderr


def test_a_wait_whose_orchestrator_went_away_says_what_was_last_seen(
    cli: Cli, tmp_path: Path
) -> None:
    server = start_server(tmp_path / "orchestrator")
    try:
        with server.client(server.admin_key) as admin:
            body = {"workflow_id": "w", "workflow_name": "w", "workflow_json": document()}
            admin.push_workflow(body)
            job_id = admin.submit({"workflow_id": "w"})["job_id"]
            cli.env = server.env(server.admin_key)
            waiting = cli.start("jobs", "watch", job_id, "--wait-timeout", "15s", "-o", "jsonl")
            assert waiting.stdout is not None
            assert waiting.stdout.readline()
    finally:
        server.kill()
    _, stderr = waiting.communicate(timeout=100)
    assert waiting.returncode == 3
    error = json.loads(stderr)["error"]
    assert f"job {job_id} was pending when last seen" in error["message"]
    assert f"casare-rpa jobs watch {job_id} --after 1" in error["hint"]
    assert any("trying again" in note for note in error["notes"])
