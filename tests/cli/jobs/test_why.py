from __future__ import annotations

import json
from collections.abc import Callable

from tests.cli.support import Cli, Robot, Server, error_of


def test_a_job_that_a_robot_can_take_exits_0(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    done = remote("jobs", "why", submit(robot))
    assert done.returncode == 0
    assert f"because\t{robot.robot_id} can take it now" in done.stdout
    assert f"{robot.robot_id}\tready" in done.stdout


def test_a_paused_robot_blocks_its_job_and_the_end_is_named(
    remote: Cli, server: Server, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot)
    with server.client() as client:
        pause = {"status": "paused", "resume_after_seconds": 3600, "note": "new card"}
        client.set_robot_status(robot.robot_id, pause)
    done = remote("jobs", "why", job_id)
    assert done.returncode == 8
    assert "it is paused: new card" in done.stdout
    assert f"until\t{robot.robot_id}: it comes back from its pause at 20" in done.stdout
    found = json.loads(remote("jobs", "why", job_id, "-o", "json").stdout)
    assert found["verdict"] == "blocked"
    assert found["unblocked_at"] is not None


def test_a_job_for_a_robot_that_is_not_there_exits_12(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    done = remote("jobs", "why", submit(robot_id="nobody"))
    assert done.returncode == 12
    assert "the robot nobody is started with: casare-rpa agent" in done.stdout
    assert robot.robot_id in done.stdout


def test_a_job_that_has_ended_exits_0_and_an_unknown_one_4(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    submit(robot)
    done = remote("jobs", "why", robot.run())
    assert (done.returncode, "it has ended: completed" in done.stdout) == (0, True)
    assert error_of(remote("jobs", "why", "nope", "-o", "json"))["exit_code"] == 4
