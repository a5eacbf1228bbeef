from __future__ import annotations

from collections.abc import Callable

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, eventually

REGISTRATION = {"robot_id": "r1", "name": "Desk 1", "hostname": "desk1", "tags": ["blue"]}


def test_a_registered_robot_is_listed(server: Running) -> None:
    registered = server.robot().register(REGISTRATION)
    assert registered["status"] == "idle" and registered["tags"] == ["blue"]
    listed = server.admin.robots()
    assert listed["total"] == 1 and listed["robots"][0]["name"] == "Desk 1"
    assert server.admin.robots(status="offline")["total"] == 0


def test_a_key_speaks_for_its_own_robot_only(server: Running) -> None:
    robot = server.robot()
    server.robot("r2").heartbeat("r2", {})
    calls: list[Callable[[], object]] = [
        lambda: robot.register(REGISTRATION | {"robot_id": "r2"}),
        lambda: robot.heartbeat("r2", {}),
        lambda: robot.robot("r2"),
        lambda: robot.set_robot_status("r2", {"status": "offline"}),
    ]
    for call in calls:
        with pytest.raises(errors.Forbidden, match="r2"):
            call()


def test_a_heartbeat_brings_figures_and_says_when_the_next_is_due(server: Running) -> None:
    robot = server.robot()
    beat = {"cpu_percent": 12.5, "custom": "x", "nested": {"a": 1}, "long": "y" * 5000}
    reply = robot.heartbeat("r1", beat)
    assert reply["ok"] is True and reply["drain"] is False
    assert 0 < reply["renew_after_seconds"] < reply["lease_seconds"]
    metrics = server.admin.robot("r1")["metrics"]
    assert metrics["cpu_percent"] == 12.5 and metrics["custom"] == "x"
    assert "nested" not in metrics and "long" not in metrics


def test_the_short_heartbeat_is_for_the_robot_of_the_key(server: Running) -> None:
    assert server.robot().call("POST", "/robot/heartbeat", json={})["ok"] is True
    assert server.admin.robot("r1")["robot_id"] == "r1"


def test_an_older_start_of_a_robot_is_told_so(server: Running) -> None:
    robot = server.robot()
    robot.register(REGISTRATION | {"boot_id": "one"})
    robot.register(REGISTRATION | {"boot_id": "two"})
    with pytest.raises(errors.Conflict):
        robot.heartbeat("r1", {"boot_id": "one"})
    assert robot.heartbeat("r1", {"boot_id": "two"})["ok"] is True


def test_an_operator_drains_and_an_admin_changes_and_deletes(server: Running) -> None:
    robot = server.robot()
    robot.register(REGISTRATION)
    operator = server.client(server.key("operator"))
    assert operator.set_robot_status("r1", {"status": "online", "draining": True})["draining"]
    assert robot.heartbeat("r1", {})["drain"] is True
    changed = server.admin.call("PUT", "/robots/r1", json={"name": "Desk One"})
    assert changed["name"] == "Desk One" and changed["tags"] == ["blue"]
    assert server.admin.delete_robot("r1") == {"deleted": True, "robot_id": "r1"}
    with pytest.raises(errors.NotFound):
        server.admin.robot("r1")


def test_paused_is_kept_as_maintenance(server: Running) -> None:
    robot = server.robot()
    robot.register(REGISTRATION)
    assert robot.set_robot_status("r1", {"status": "paused"})["status"] == "maintenance"
    server.submit()
    assert robot.claim({"wait_seconds": 20}) is None


def test_a_pause_has_a_note_and_ends_by_itself(server: Running) -> None:
    robot = server.robot()
    robot.register(REGISTRATION)
    change = {"status": "paused", "note": "stock-taking", "resume_after_seconds": 600}
    paused = server.admin.set_robot_status("r1", change)
    assert (paused["status"], paused["note"]) == ("maintenance", "stock-taking")
    assert robot.heartbeat("r1", {})["paused"] is True
    job_id = server.submit()
    server.admin.set_robot_status("r1", change | {"resume_after_seconds": 0.4})
    eventually(lambda: robot.heartbeat("r1", {})["paused"] is False)
    grant = robot.claim({"wait_seconds": 5})
    assert grant is not None and grant["job_id"] == job_id


def test_a_drain_has_a_limit_that_robots_are_told_as_a_duration(server: Running) -> None:
    robot = server.robot()
    robot.register(REGISTRATION)
    assert robot.heartbeat("r1", {})["drain_seconds"] is None
    drained = server.admin.set_robot_status("r1", {"draining": True, "drain_seconds": 60})
    assert drained["drain_by"] is not None
    reply = robot.heartbeat("r1", {})
    assert reply["drain"] is True and 50 < reply["drain_seconds"] <= 60


@pytest.mark.parametrize(
    "change",
    [
        {"status": "asleep"},
        {"status": "paused", "note": "x" * 501},
        {"status": "paused", "resume_after_seconds": 0},
        {"draining": True, "drain_seconds": -1},
    ],
)
def test_a_wrong_status_is_refused_and_changes_nothing(
    server: Running, change: dict[str, object]
) -> None:
    server.robot().register(REGISTRATION)
    with pytest.raises(errors.InvalidInput):
        server.admin.set_robot_status("r1", change)
    assert server.admin.robot("r1")["status"] == "idle"
