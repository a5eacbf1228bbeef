from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, error_of


def failed(robot: Robot, submit: Callable[..., str]) -> str:
    submit(robot)
    return robot.run(status="failed", error_message="no", failure_reason="business_error")


def test_a_persons_word_stands_beside_the_status_and_decides_the_exit_code(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = failed(robot, submit)
    assert remote("jobs", "wait", job_id).returncode == 1
    words = ("jobs", "resolve", job_id, "--as", "succeeded", "--reason", "on the statement")
    done = remote(*words)
    assert (done.returncode, done.stdout) == (0, "")
    assert "resolved as succeeded, by " in done.stderr
    waited = remote("jobs", "wait", job_id)
    assert waited.returncode == 0
    assert "on the statement" in waited.stderr
    assert "once mended" not in waited.stderr
    job = json.loads(remote("jobs", "get", job_id, "-o", "json").stdout)
    assert (job["status"], job["resolution"]["outcome"]) == ("failed", "succeeded")
    assert error_of(remote("jobs", "retry", job_id, "-o", "json"))["exit_code"] == 9
    planned = remote("jobs", "rerun", job_id, "--all", "--dry-run")
    assert (planned.returncode, "it is not run again" in planned.stderr) == (9, True)


def test_requeue_names_the_new_job(remote: Cli, robot: Robot, submit: Callable[..., str]) -> None:
    job_id = failed(robot, submit)
    words = ("jobs", "resolve", job_id, "--as", "requeue", "--reason", "nothing booked")
    job = json.loads(remote(*words, "-o", "json").stdout)
    assert robot.run() == job["resolution"]["new_job_id"]


def test_a_job_without_doubt_is_a_conflict_and_a_word_without_reason_no_word(
    remote: Cli, submit: Callable[..., str]
) -> None:
    words = ("jobs", "resolve", submit(), "--as", "failed")
    assert error_of(remote(*words, "--reason", "x", "-o", "json"))["exit_code"] == 9
    assert remote(*words).returncode == 2
    assert remote(*words, "--reason", " ").returncode == 2


def test_an_empty_reason_is_refused_before_anything_is_sent(cli: Cli) -> None:
    error = error_of(cli("jobs", "resolve", "j", "--as", "failed", "--reason", "", "-o", "json"))
    assert (error["exit_code"], error["message"]) == (2, "--reason: it is empty")
