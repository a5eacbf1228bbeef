from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from casare_rpa.client import OrchestratorClient
from casare_rpa.errors import Unauthenticated
from tests.cli.support import Cli, Robot, Server


@pytest.fixture
def admin(tmp_path: Path, server: Server) -> Cli:
    return Cli(tmp_path, server.env(server.admin_key))


def test_a_new_key_is_printed_alone_and_works(admin: Cli, server: Server) -> None:
    robot_id = uuid4().hex
    done = admin("robots", "keys", "create", robot_id)
    key = done.stdout.strip()
    assert key.startswith("robot_")
    with OrchestratorClient(server.url, key) as client:
        assert client.me()["robot_id"] == robot_id


def test_json_holds_the_key_and_what_is_kept_of_it(admin: Cli) -> None:
    made = json.loads(admin("robots", "keys", "create", "r", "-o", "json").stdout)
    assert made["schema_version"] == 1
    assert made["api_key"].startswith("robot_")
    assert made["key"]["robot_id"] == "r"
    assert made["api_key"] not in json.dumps(made["key"])


def test_the_list_never_shows_a_key(admin: Cli) -> None:
    robot_id = uuid4().hex
    key = admin("robots", "keys", "create", robot_id).stdout.strip()
    listed = admin("robots", "keys", "list", "--robot", robot_id, "-o", "json").stdout
    assert len(json.loads(listed)["items"]) == 1
    assert key not in listed


def test_a_revoked_key_is_refused(admin: Cli, server: Server) -> None:
    made = json.loads(admin("robots", "keys", "create", uuid4().hex, "-o", "json").stdout)
    done = admin("robots", "keys", "revoke", made["key"]["id"], "--reason", "lost")
    assert done.returncode == 0
    with (
        OrchestratorClient(server.url, made["api_key"]) as client,
        pytest.raises(Unauthenticated),
    ):
        client.me()
    assert admin("robots", "keys", "revoke", "nope").returncode == 4


def test_a_rotated_key_replaces_the_old_one(admin: Cli, server: Server) -> None:
    made = json.loads(admin("robots", "keys", "create", uuid4().hex, "-o", "json").stdout)
    done = admin("robots", "keys", "rotate", made["key"]["id"])
    new = done.stdout.strip()
    assert new != made["api_key"]
    assert "at work" not in done.stderr
    with OrchestratorClient(server.url, new) as client:
        assert client.me()["robot_id"] == made["key"]["robot_id"]


def test_a_rotation_says_that_an_agent_at_work_needs_the_new_key(
    admin: Cli, server: Server, robot: Robot
) -> None:
    def rotate(*words: str) -> tuple[str, str]:
        listed = admin("robots", "keys", "list", "--robot", robot.robot_id, "-o", "json").stdout
        (key,) = [k["id"] for k in json.loads(listed)["items"] if k["status"] == "active"]
        done = admin("robots", "keys", "rotate", key, *words)
        return done.stdout, done.stderr

    key, told = rotate()
    assert key.startswith("robot_")
    assert f"the agent of {robot.robot_id} is at work and needs the new key" in told
    key, told = rotate("--quiet")
    assert (key.startswith("robot_"), told) == (True, "")
    made, told = rotate("-o", "json")
    assert json.loads(made)["api_key"].startswith("robot_")
    assert "is at work" in told


def test_a_developer_may_not_make_keys(remote: Cli) -> None:
    done = remote("robots", "keys", "create", "r")
    assert (done.returncode, done.stdout) == (5, "")
