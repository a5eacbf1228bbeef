from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.cli.support import Cli, Robot, Server, eventually

Submit = Callable[..., str]


def test_robots_are_listed(remote: Cli, robot: Robot) -> None:
    assert robot.robot_id in remote("robots", "list", "-o", "name").stdout.split()
    items = json.loads(remote("robot", "list", "-o", "json").stdout)["items"]
    assert [item["name"] for item in items if item["robot_id"] == robot.robot_id] == [
        robot.robot_id
    ]


def test_a_robot_is_shown(remote: Cli, robot: Robot) -> None:
    assert f"robot\t{robot.robot_id}" in remote("robots", "get", robot.robot_id).stdout.splitlines()
    found = json.loads(remote("robots", "get", robot.robot_id, "-o", "json").stdout)
    assert found["robot_id"] == robot.robot_id


def test_an_unknown_robot_exits_4(remote: Cli, server: Server) -> None:
    admin = {"CASARE_API_KEY": server.admin_key}
    for words in (("get",), ("pause",), ("resume",), ("drain",), ("delete", "--yes")):
        done = remote("robots", words[0], "nope", *words[1:], env=admin)
        assert (done.returncode, "nope" in done.stderr) == (4, True), done.stderr


def test_a_paused_robot_gets_no_job_until_it_is_resumed(
    remote: Cli, robot: Robot, submit: Submit
) -> None:
    done = remote("robots", "pause", robot.robot_id, "--note", "new printer", "--for", "2h")
    assert done.returncode == 0
    assert "paused until " in done.stderr and ": new printer" in done.stderr
    found = _shown(remote, robot)
    assert (found["status"], found["note"]) == ("maintenance", "new printer")
    assert found["resume_at"] is not None
    listed = remote("robots", "list", "--all").stdout
    (line,) = [line for line in listed.splitlines() if robot.robot_id in line]
    assert "new printer" in line
    job_id = submit(robot)
    assert robot.client.claim({}) is None
    done = remote("robots", "resume", robot.robot_id)
    assert (done.returncode, "takes jobs" in done.stderr) == (0, True)
    assert robot.claim() == job_id
    assert _shown(remote, robot)["note"] is None
    robot.finish()


def test_a_pause_ends_by_itself(remote: Cli, robot: Robot, submit: Submit) -> None:
    assert remote("robots", "pause", robot.robot_id, "--for", "200ms").returncode == 0
    job_id = submit(robot)
    assert eventually(lambda: robot.client.claim({}))["job_id"] == job_id


def test_a_drain_that_waits_returns_when_the_robot_runs_nothing(
    remote: Cli, robot: Robot, submit: Submit
) -> None:
    submit(robot)
    job_id = robot.claim()
    words = ("robots", "drain", robot.robot_id, "--deadline", "10m")
    done = remote(*words, "--wait", "--wait-timeout", "100ms")
    assert done.returncode == 8, done.stderr
    assert job_id in done.stderr
    found = _shown(remote, robot)
    assert found["draining"] is True and found["drain_by"] is not None
    waiting = remote.start(*words, "--wait", "-o", "json")
    robot.finish()
    stdout, stderr = waiting.communicate(timeout=100)
    assert waiting.returncode == 0, stderr
    assert json.loads(stdout)["current_job_ids"] == []
    assert remote("robots", "resume", robot.robot_id).returncode == 0
    assert _shown(remote, robot)["draining"] is False


def test_a_machine_that_is_paused_there_is_not_resumed_from_here(remote: Cli, robot: Robot) -> None:
    robot.client.heartbeat(robot.robot_id, {"paused": True, "paused_note": "at my desk"})
    done = remote("robots", "resume", robot.robot_id)
    assert done.returncode == 0
    assert "paused at its machine: at my desk" in done.stderr
    assert "casare-rpa agent resume" in done.stderr


def test_a_robot_without_room_on_its_disk_says_so_wherever_it_is_asked_for(
    remote: Cli, robot: Robot, submit: Submit
) -> None:
    lacking = "less than 64 MiB are free on the disk"
    robot.client.heartbeat(robot.robot_id, {"no_room": lacking})
    assert f"no room\t{lacking}" in remote("robots", "get", robot.robot_id).stdout
    assert lacking in remote("robots", "list", "--all").stdout
    done = remote("jobs", "why", submit(robot))
    assert (done.returncode, "until\t" in done.stdout) == (8, True)
    assert f"{robot.robot_id}: room is made on its disk" in done.stdout
    robot.client.heartbeat(robot.robot_id, {"paused": False})


def test_a_robot_is_deleted_after_yes_only(remote: Cli, server: Server, robot: Robot) -> None:
    done = remote("robots", "delete", robot.robot_id)
    assert done.returncode == 2
    assert f"robots delete {robot.robot_id} --yes" in done.stderr
    # Forgetting a robot is an administrator's right.
    admin = {"CASARE_API_KEY": server.admin_key}
    done = remote("robots", "delete", robot.robot_id, "--yes", env=admin)
    assert done.returncode == 0, done.stderr
    assert remote("robots", "get", robot.robot_id).returncode == 4


def test_a_wrong_duration_exits_2(remote: Cli, robot: Robot) -> None:
    for words in (
        ("pause", "--for", "soon"),
        ("pause", "--for", "0"),
        ("drain", "--deadline", "x"),
    ):
        done = remote("robots", words[0], robot.robot_id, *words[1:])
        assert (done.returncode, words[1] in done.stderr) == (2, True), done.stderr


def _shown(remote: Cli, robot: Robot) -> dict[str, Any]:
    return dict(json.loads(remote("robots", "get", robot.robot_id, "-o", "json").stdout))
