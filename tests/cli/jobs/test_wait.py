from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, steps


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
    assert f"casare-rpa jobs rerun {job_id} --failed" in done.stderr


def test_a_wait_that_runs_out_exits_8(remote: Cli, submit: Callable[..., str]) -> None:
    job_id = submit()
    done = remote("jobs", "wait", job_id, "--wait-timeout", "200ms", "-o", "json")
    assert done.returncode == 8
    assert json.loads(done.stdout)["status"] == "pending"


def test_an_unknown_job_exits_4(remote: Cli) -> None:
    assert remote("jobs", "wait", "nope").returncode == 4
