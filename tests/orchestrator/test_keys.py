from __future__ import annotations

import time

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, claim, eventually, soon


def test_a_key_is_shown_once(server: Running) -> None:
    made = server.admin.create_key({"role": "operator", "name": "ci"})
    assert made["api_key"].startswith(made["key"]["prefix"])
    with server.http() as http:
        listed = http.get("/api/v1/api-keys")
    assert made["api_key"] not in listed.text
    assert {key["key_name"] for key in listed.json()["keys"]} == {"first", "ci"}
    me = server.client(made["api_key"]).me()
    assert me["roles"] == ["operator"] and me["key_name"] == "ci" and me["robot_id"] is None


def test_a_robot_key_belongs_to_a_robot(server: Running) -> None:
    made = server.admin.create_robot_key({"robot_id": "r7", "name": "desk"})
    assert made["api_key"].startswith("robot_") and made["key"]["robot_id"] == "r7"
    me = server.client(made["api_key"]).me()
    assert me["roles"] == ["robot"] and me["robot_id"] == "r7"
    assert server.admin.robot_keys(robot_id="r7")["total"] == 1
    assert server.admin.robot_keys(robot_id="r8")["total"] == 0


def test_a_revoked_key_is_refused_at_once(server: Running) -> None:
    made = server.admin.create_key({"role": "viewer"})
    client = server.client(made["api_key"])
    client.jobs()
    server.admin.revoke_key(made["key"]["id"], "left the team")
    with pytest.raises(errors.Unauthenticated, match="revoked"):
        client.jobs()
    assert server.admin.keys(status="revoked")["total"] == 1


def test_a_revoked_robot_key_gives_its_jobs_back(server: Running) -> None:
    job_id = server.submit()
    made = server.admin.create_robot_key({"robot_id": "r1"})
    claim(server.client(made["api_key"]))
    server.admin.revoke_robot_key(made["key"]["id"])
    assert claim(server.robot("r2"), wait_seconds=20).job_id == job_id


def test_a_rotated_key_is_replaced(server: Running) -> None:
    made = server.admin.create_robot_key({"robot_id": "r1", "name": "desk"})
    server.submit()
    attempt = claim(server.client(made["api_key"]))
    new = server.admin.rotate_robot_key(made["key"]["id"])
    assert new["key"]["key_name"] == "desk (rotated)" and new["key"]["robot_id"] == "r1"
    with pytest.raises(errors.Unauthenticated):
        attempt.finish()
    attempt.robot = server.client(new["api_key"])
    assert attempt.finish()["status"] == "completed"
    with pytest.raises(errors.Conflict):
        server.admin.rotate_robot_key(made["key"]["id"])


def test_an_expired_robot_key_ends_its_jobs_and_gets_no_more(server: Running) -> None:
    server.submit()
    made = server.admin.create_robot_key({"robot_id": "r1", "expires_at": soon(1.5)})
    robot = server.client(made["api_key"])
    attempt = claim(robot)
    time_of_expiry = time.monotonic() + 1.5
    eventually(lambda: time.monotonic() > time_of_expiry)
    with pytest.raises(errors.Unauthenticated, match="expired"):
        robot.claim({})
    assert attempt.start()["lost"] == []
    assert attempt.finish()["status"] == "completed"


def test_a_key_that_would_be_expired_already_is_refused(server: Running) -> None:
    with pytest.raises(errors.InvalidInput):
        server.admin.create_key({"role": "viewer", "expires_at": soon(-1)})


def test_the_two_lists_of_keys_do_not_mix(server: Running) -> None:
    robot = server.admin.create_robot_key({"robot_id": "r1"})["key"]["id"]
    person = server.admin.create_key({"role": "viewer"})["key"]["id"]
    with pytest.raises(errors.NotFound):
        server.admin.revoke_key(robot)
    with pytest.raises(errors.NotFound):
        server.admin.rotate_robot_key(person)


def test_the_last_use_of_a_key_is_kept(server: Running) -> None:
    made = server.admin.create_key({"role": "viewer"})
    server.client(made["api_key"]).me()

    def used() -> object:
        keys = server.admin.keys()["keys"]
        return next(key for key in keys if key["id"] == made["key"]["id"])["last_used_ip"]

    assert eventually(used) == "127.0.0.1"
