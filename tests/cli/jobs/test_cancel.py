from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, Server, error_of


def test_a_waiting_job_is_cancelled_at_once(
    remote: Cli, server: Server, submit: Callable[..., str]
) -> None:
    job_id = submit()
    done = remote("jobs", "cancel", job_id)
    assert (done.returncode, done.stdout) == (0, "")
    assert job_id in done.stderr
    with server.client() as client:
        assert client.job(job_id)["status"] == "cancelled"


def test_cancelling_twice_is_no_error(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    remote("jobs", "cancel", job_id)
    result = json.loads(remote("jobs", "cancel", job_id, "-o", "json").stdout)
    assert result["previous_status"] == "cancelled"


def test_a_running_job_is_asked_to_stop(
    remote: Cli, server: Server, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.claim()
    assert remote("jobs", "cancel", job_id).returncode == 0
    with server.client() as client:
        assert client.job(job_id)["cancel_requested"] is True
    robot.finish("cancelled")


def test_a_job_that_ended_cannot_be_cancelled(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run()
    error = error_of(remote("jobs", "cancel", job_id, "-o", "json"))
    assert error["exit_code"] == 9
    assert "it is completed" in error["message"]


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "cancel", "nope").returncode == 4
