from __future__ import annotations

import json

from tests.cli.support import Cli, Robot


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


def test_an_unknown_robot_exits_4(remote: Cli) -> None:
    assert remote("robots", "get", "nope").returncode == 4
