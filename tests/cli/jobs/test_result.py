from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, error_of


def test_the_result_is_printed_and_the_outcome_is_the_exit_code(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    waiting = remote("jobs", "result", job_id)
    assert (waiting.returncode, waiting.stdout) == (8, "")
    assert f"casare-rpa jobs wait {job_id}" in waiting.stderr
    result = {"variables": {"who": "Zoë\x1b", "rows": [1, 2]}, "outputs": {}}
    robot.run(result=result)
    done = remote("jobs", "result", job_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == result
    assert remote("jobs", "result", job_id, "--variable", "who").stdout == "Zoë\\x1b\n"
    assert json.loads(remote("jobs", "result", job_id, "--variable", "rows").stdout) == [1, 2]
    in_json = remote("jobs", "result", job_id, "--variable", "who", "-o", "json").stdout
    assert json.loads(in_json) == "Zoë\x1b"
    error = error_of(remote("jobs", "result", job_id, "--variable", "what", "-o", "json"))
    assert (error["exit_code"], error["hint"]) == (4, "It has: who, rows.")


def test_a_failed_job_says_why_there_is_none(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    robot.run(status="failed", error_message="no luck")
    done = remote("jobs", "result", job_id)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no luck" in done.stderr and "no result" in done.stderr
    assert remote("jobs", "result", "nope").returncode == 4
