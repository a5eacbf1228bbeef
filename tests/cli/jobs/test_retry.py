from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, Server


def test_a_failed_job_runs_again_as_a_new_one(
    remote: Cli, server: Server, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot, input_data={"x": 1})
    robot.run(status="failed", error_message="no luck")
    done = remote("jobs", "retry", job_id)
    assert done.returncode == 0
    new_id = done.stdout.strip()
    assert new_id != job_id
    with server.client() as client:
        assert client.job(new_id)["input_data"] == {"x": 1}


def test_json_names_both_jobs(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    remote("jobs", "cancel", job_id)
    result = json.loads(remote("jobs", "retry", job_id, "-o", "json").stdout)
    assert result["original_job_id"] == job_id
    assert result["new_job_id"] != job_id


def test_a_completed_job_is_not_run_again(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run()
    done = remote("jobs", "retry", job_id)
    assert done.returncode in (2, 9)
    assert done.stdout == ""


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "retry", "nope").returncode == 4
