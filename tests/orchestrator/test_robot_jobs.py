from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from casare_rpa import errors
from tests.orchestrator.support import NOW, Running, claim, eventually, run_job


def _in_background(call: Any, *given: Any) -> tuple[threading.Thread, list[Any]]:
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(call(*given)))
    thread.start()
    return thread, answers


def test_nothing_to_do_is_null(server: Running) -> None:
    with server.http(server.robot_key()) as http:
        response = http.post("/api/v1/jobs/claim", json={})
        assert response.status_code == 200 and response.json() is None
        assert http.post("/api/v1/jobs/claim").status_code == 422


def test_a_claim_makes_an_unknown_robot_known(server: Running) -> None:
    server.robot("fresh").claim({})
    assert server.admin.robot("fresh")["robot_id"] == "fresh"


def test_a_grant_holds_all_that_a_run_needs(server: Running) -> None:
    job_id = server.submit(input_data={"param": "value"})
    grant = claim(server.robot()).grant
    assert grant["job_id"] == job_id and grant["attempt"] == 1 and grant["next_index"] == 1
    assert orjson.loads(grant["workflow_json"])["nodes"].keys() == {"start", "end"}
    assert grant["variables"] == {"param": "value"}
    assert grant["renew_after_seconds"] < grant["lease_seconds"]


def test_the_same_claim_id_gets_the_same_grant(server: Running) -> None:
    server.submit()
    robot = server.robot()
    first = claim(robot, claim_id="claim-0001").grant
    again = claim(robot, claim_id="claim-0001").grant
    assert (again["job_id"], again["lease_token"]) == (first["job_id"], first["lease_token"])
    assert robot.claim({"claim_id": "claim-0002"}) is None


@pytest.mark.usefixtures("only_hints")
def test_a_waiting_claim_is_woken_by_a_submit(server: Running) -> None:
    server.push()
    thread, answers = _in_background(server.robot().claim, {"wait_seconds": 25})
    eventually(lambda: server.admin.robots()["total"] == 1)
    job = server.admin.submit({"workflow_id": "my-workflow"})
    thread.join(timeout=20)  # without a hint it would end after 25 s
    assert answers[0]["job_id"] == job["job_id"]


@pytest.mark.usefixtures("only_hints")
def test_a_waiting_claim_ends_when_the_robot_is_drained(server: Running) -> None:
    thread, answers = _in_background(server.robot().claim, {"wait_seconds": 25})
    eventually(lambda: server.admin.robots()["total"] == 1)
    server.admin.set_robot_status("r1", {"status": "online", "draining": True})
    thread.join(timeout=20)
    assert answers == [None]
    server.submit()
    assert server.robot().claim({}) is None


@pytest.mark.usefixtures("only_hints")
def test_a_waiting_claim_ends_when_the_server_stops(server: Running) -> None:
    thread, answers = _in_background(server.robot().claim, {"wait_seconds": 25})
    eventually(lambda: server.admin.robots()["total"] == 1)
    server.orchestrator.stop()
    thread.join(timeout=20)
    assert answers == [None]


def test_a_client_that_left_gets_no_job(server: Running) -> None:
    key = server.robot_key("left")
    address = urlsplit(server.url)
    assert address.hostname and address.port
    with socket.create_connection((address.hostname, address.port)) as connection:
        body = b'{"wait_seconds": 25}'
        connection.sendall(
            b"POST /api/v1/jobs/claim HTTP/1.1\r\nHost: localhost\r\n"
            + b"Authorization: Bearer " + key.encode() + b"\r\n"
            + b"Content-Length: %d\r\n\r\n" % len(body) + body
        )  # fmt: skip
        eventually(lambda: server.admin.robots()["total"] == 1)
    # The server notices in its own time; a job must never be stuck with nobody.
    job_id = server.submit()
    other = server.robot("other")
    grant = eventually(lambda: other.claim({"wait_seconds": 1}))
    assert grant["job_id"] == job_id


def test_events_may_be_sent_twice_and_not_with_a_hole(server: Running) -> None:
    server.submit()
    attempt = claim(server.robot())
    attempt.start()
    assert attempt.send("node.started", "node.completed") == {"accepted": 2, "stored_index": 2}
    attempt.index = 0
    assert attempt.send("node.started", "node.completed") == {"accepted": 0, "stored_index": 2}
    attempt.index = 5
    with pytest.raises(errors.EventGap) as gap:
        attempt.send("log")
    assert gap.value.expected == 3


def test_a_finish_waits_for_all_events(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    attempt.index = 1
    with pytest.raises(errors.EventGap):
        attempt.finish()
    event = {"type": "log", "timestamp": NOW, "data": {"message": "last words"}}
    done = attempt.finish(first_index=1, events=[event])
    assert done == {"job_id": job_id, "status": "completed"}
    assert attempt.finish(first_index=1, events=[event]) == done


def test_another_robot_cannot_speak_for_the_attempt(server: Running) -> None:
    server.submit()
    attempt = claim(server.robot())
    attempt.robot = server.robot("r2")
    with pytest.raises(errors.LeaseLost):
        attempt.send("log")
    with pytest.raises(errors.LeaseLost):
        attempt.finish()


def test_the_token_is_what_counts(server: Running) -> None:
    server.submit()
    attempt = claim(server.robot())
    attempt.grant["lease_token"] = "x" * 43
    calls: list[Callable[[], object]] = [attempt.finish, lambda: attempt.send("log")]
    for call in calls:
        with pytest.raises(errors.LeaseLost):
            call()
    assert attempt.start()["lost"] == [attempt.job_id]


def test_the_short_forms_end_an_attempt_too(server: Running) -> None:
    robot = server.robot()
    server.submit(max_retries=1)
    attempt = claim(robot)
    path = f"/jobs/{attempt.job_id}"
    lease = robot.call("POST", f"{path}/extend-lease", json=attempt.proof)
    assert lease["extended"] is True and lease["cancel_requested"] is False
    told = robot.call("PUT", f"{path}/progress", json={**attempt.proof, "progress": 40})
    assert told["progress"] == 40 and server.admin.job(attempt.job_id)["progress"] == 40
    failed = robot.call("POST", f"{path}/fail", json={**attempt.proof, "error_message": "no"})
    assert failed["status"] == "pending"

    attempt = eventually(lambda: robot.claim({"wait_seconds": 10}))
    proof = {"attempt": attempt["attempt"], "lease_token": attempt["lease_token"]}
    done = robot.call("POST", f"{path}/complete", json={**proof, "result": {"a": 1}})
    assert done == {"job_id": attempt["job_id"], "completed": True}
    assert server.admin.job(attempt["job_id"])["result"] == {"a": 1}


def test_log_lines_become_events(server: Running) -> None:
    server.submit()
    attempt = claim(server.robot())
    entries = [{"level": "INFO", "message": "hello", "timestamp": NOW}, {"message": "no time"}]
    answer = attempt.robot.call(
        "POST",
        f"/jobs/{attempt.job_id}/logs",
        json={**attempt.proof, "first_index": 1, "entries": entries},
    )
    assert answer["accepted"] == 2
    logs = [e for e in server.admin.events(attempt.job_id)["events"] if e["type"] == "log"]
    assert [log["data"]["message"] for log in logs] == ["hello", "no time"]


def test_a_released_job_goes_to_the_next_robot_without_a_failure(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    assert attempt.robot.release(job_id, attempt.proof)["status"] == "pending"
    second = claim(server.robot("r2"), wait_seconds=10)
    assert second.job_id == job_id and second.grant["retry_count"] == 0


def test_the_history_says_why_a_job_was_given_back(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.robot.release(job_id, {**attempt.proof, "reason": "agent_stop"})
    told = [e for e in server.admin.events(job_id)["events"] if e["type"] == "job.requeued"]
    assert [event["data"]["reason"] for event in told] == ["agent_stop"]


def test_a_lost_attempt_keeps_a_log_beside_the_history(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.robot.release(job_id, attempt.proof)
    event = {"type": "log", "timestamp": NOW, "data": {"message": "too late"}}
    batch = {**attempt.proof, "first_index": 1, "events": [event]}
    with pytest.raises(errors.LeaseLost):
        attempt.robot.append_events(job_id, batch)
    assert attempt.robot.side_log(job_id, batch)["accepted"] == 1
    assert "log" not in [e["type"] for e in server.admin.events(job_id)["events"]]


def test_a_silent_robot_loses_its_job_to_the_next(tmp_path: Any) -> None:
    from tests.orchestrator.support import running

    with running(tmp_path, lease_seconds=0.5, lost_backoff_seconds=0.05) as server:
        job_id = server.submit()
        lost = claim(server.robot())
        lost.start()
        second = claim(server.robot("r2"), wait_seconds=20)
        assert second.job_id == job_id and second.grant["attempt"] == 2
        with pytest.raises(errors.LeaseLost):
            lost.finish()


def test_a_whole_run_leaves_a_history_without_a_hole(server: Running) -> None:
    job_id = server.submit()
    run_job(server, job_id, *(f"n{number}" for number in range(20)))
    events = server.admin.events(job_id)["events"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events][:3] == ["job.queued", "job.claimed", "job.started"]


def test_a_robot_cannot_declare_a_job_over_by_an_event(server: Running) -> None:
    server.submit()
    attempt = claim(server.robot())
    with pytest.raises(errors.InvalidInput, match="by the orchestrator"):
        attempt.send("job.completed")
    event = {"type": "job.failed", "timestamp": NOW, "data": {}}
    with pytest.raises(errors.InvalidInput):
        attempt.finish(first_index=1, events=[event])


def test_no_claim_waits_longer_than_half_a_minute(server: Running) -> None:
    with pytest.raises(errors.InvalidInput):
        server.robot().claim({"wait_seconds": 31})


def test_members_that_this_server_does_not_know_are_ignored(server: Running) -> None:
    job_id = server.submit(shape="round")
    attempt = claim(server.robot(), mood="eager")
    event = {"type": "log", "timestamp": NOW, "data": {}, "from": "a newer robot"}
    batch = {**attempt.proof, "first_index": 1, "events": [event], "more": {"x": 1}}
    assert attempt.robot.append_events(job_id, batch)["accepted"] == 1
    attempt.index = 1
    assert attempt.finish(weather="fine")["status"] == "completed"
