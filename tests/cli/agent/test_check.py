"""What is looked at before an agent is started."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.support import Cli, Server


def found(cli: Cli, *words: str, env: dict[str, str] | None = None) -> tuple[int, dict[str, str]]:
    """The exit code, and the state of each check."""
    done = cli("agent", "check", *words, "-o", "json", env=env)
    items = json.loads(done.stdout)["items"]
    assert all(item["mend"] for item in items if item["state"] == "fail"), items
    return done.returncode, {item["check"]: item["state"] for item in items}


@pytest.fixture
def robot_id() -> str:
    return f"checked-{uuid4().hex[:8]}"


@pytest.fixture
def robots(cli: Cli, server: Server, robot_id: str) -> Cli:
    """The program with a robot's key."""
    with server.client(server.admin_key) as admin:
        key = admin.create_robot_key({"robot_id": robot_id, "name": "test"})["api_key"]
    cli.env |= server.env(key)
    return cli


def test_where_all_is_well_nothing_is_changed_and_the_robot_is_named(
    robots: Cli, robot_id: str
) -> None:
    done = robots("agent", "check")
    assert done.returncode == 0, done.stdout
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert {row[0] for row in rows} == {"PASS"}
    assert any(robot_id in row[2] for row in rows)
    assert not (robots.folder / "state").exists()


def test_each_fault_is_found_beside_the_others(robots: Cli, server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    env = {"CASARE_MIN_FREE_BYTES": str(1 << 60), "CASARE_ROBOT_ID": "somebody-else"}
    code, states = found(robots, "--state-dir", str(tmp_path / "file"), env=env)
    assert code == 1
    assert {name for name, state in states.items() if state == "fail"} == {
        *("key", "state folder", "disk"),
    }
    persons = robots("agent", "check", env=server.env())
    assert (persons.returncode, "belongs to a person" in persons.stdout) == (1, True)


def test_an_orchestrator_that_is_away_leaves_the_rest_to_be_looked_at(cli: Cli) -> None:
    assert cli("agent", "pause", "--note", "mine").returncode == 0
    code, states = found(cli, "--url", "http://127.0.0.1:9")
    assert (code, states["orchestrator"], states["clock"]) == (1, "fail", "skip")
    assert states["key"] == "fail", "there is none"
    assert (states["state folder"], states["pause"]) == ("pass", "warn")


def test_room_is_told_as_doctor_tells_it(cli: Cli) -> None:
    told = cli("agent", "check", "--url", "http://127.0.0.1:9").stdout
    assert re.search(r"\tdisk\t\d+(\.\d)? (GiB|MiB) free, 64 MiB wanted", told), told


def test_a_wrong_setting_in_a_file_is_told_with_its_line(cli: Cli) -> None:
    file = cli.folder / ".config" / "casare-rpa" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("\nport = 'many'\n")
    assert f"{file}:2: port cannot be" in cli("agent", "check").stdout
    assert f"{file}:2: port cannot be" in cli("doctor").stdout


def test_a_wrong_setting_is_told_alone(cli: Cli) -> None:
    code, states = found(cli, env={"CASARE_POLL_WAIT_SECONDS": "900"})
    assert (code, states) == (1, {"settings": "fail"})
