from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from casare_rpa import errors
from casare_rpa.domain.keys import _checksum, make_key, parse_key
from casare_rpa.orchestrator.access.new_keys import new_key
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
    with pytest.raises(errors.Unauthenticated, match="rotated") as refused:
        attempt.finish()
    assert refused.value.rotated
    attempt.robot = server.client(new["api_key"])
    assert attempt.finish()["status"] == "completed"
    with pytest.raises(errors.Conflict):
        server.admin.rotate_robot_key(made["key"]["id"])


def test_once_its_successor_is_revoked_a_rotated_key_is_revoked_as_well(server: Running) -> None:
    made = server.admin.create_robot_key({"robot_id": "r1"})
    old = server.client(made["api_key"])
    new = server.admin.rotate_robot_key(made["key"]["id"])
    with pytest.raises(errors.Unauthenticated, match="rotated"):
        old.me()
    server.admin.revoke_robot_key(new["key"]["id"])
    with pytest.raises(errors.Unauthenticated, match="revoked") as refused:
        old.me()
    assert not refused.value.rotated


def test_an_expired_robot_key_ends_its_jobs_and_gets_no_more(server: Running) -> None:
    server.submit()
    made = server.admin.create_robot_key({"robot_id": "r1", "expires_at": soon(5)})
    robot = server.client(made["api_key"])
    attempt = claim(robot)
    time_of_expiry = time.monotonic() + 5
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


def test_no_key_is_in_the_database(server: Running) -> None:
    keys = [server.admin_key, server.key("viewer"), server.robot_key("r1")]
    for text in keys:
        server.client(text).me()
    stored = b"".join(path.read_bytes() for path in _files_of(server))
    for text in keys:
        key = parse_key(text)
        assert key is not None
        assert key.digest.encode() in stored
        assert text.encode() not in stored


def test_a_key_with_a_known_id_and_another_secret_is_unknown(server: Running) -> None:
    known = parse_key(server.admin_key)
    assert known is not None
    body = f"sk_live_{known.key_id}" + "0" * 32
    forged = body + _checksum(body)
    assert parse_key(forged) is not None
    with pytest.raises(errors.Unauthenticated, match="unknown"):
        server.client(forged).me()


def test_a_robots_key_is_none_for_people_whatever_its_hash(server: Running) -> None:
    """The record of the one kind with the hash of the other: somebody wrote into the database."""
    person = make_key("sk_live")
    assert server.orchestrator.app is not None
    store = server.orchestrator.app.state.desk.store
    record = new_key(person, name="mixed up", robot_id="r1")
    store.create_key(replace(record, kind="robot"))
    with pytest.raises(errors.Unauthenticated, match="unknown"):
        server.client(person.text).me()


def _files_of(server: Running) -> list[Path]:
    return sorted(Path(server.orchestrator.settings.state_dir).glob("orchestrator.db*"))
