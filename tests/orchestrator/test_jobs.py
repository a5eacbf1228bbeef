from __future__ import annotations

import threading
import time

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, claim, run_job


def test_a_submitted_job_is_pending_and_has_an_address(server: Running) -> None:
    server.push()
    with server.http() as http:
        response = http.post("/api/v1/jobs", json={"workflow_id": "my-workflow"})
        assert response.status_code == 201
        job = http.get(response.headers["Location"]).json()
    assert job["job_id"] == job["id"] == response.json()["job_id"]
    assert job["status"] == "pending" and job["result"] is None and job["node_executions"] == []


@pytest.mark.parametrize("name", ["input_data", "parameters", "variables"])
def test_the_input_has_three_spellings(server: Running, name: str) -> None:
    server.push()
    job = server.admin.submit({"workflow_id": "my-workflow", name: {"a": 1}, "unknown": True})
    assert job["input_data"] == {"a": 1}


def test_a_repeated_submit_with_the_same_key_is_one_job(server: Running) -> None:
    server.push()
    with server.http() as http:
        headers = {"Idempotency-Key": "order-7"}
        body = {"workflow_id": "my-workflow"}
        first = http.post("/api/v1/jobs", json=body, headers=headers)
        again = http.post("/api/v1/jobs", json=body, headers=headers)
        other = http.post("/api/v1/jobs", json=body | {"priority": 1}, headers=headers)
        empty = http.post("/api/v1/jobs", json=body, headers={"Idempotency-Key": ""})
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true" and again.status_code == 201
    assert again.json()["job_id"] == first.json()["job_id"]
    assert other.status_code == 422 and other.json()["error"]["field"] == "Idempotency-Key"
    assert empty.status_code == 422
    assert server.admin.jobs()["total"] == 1


def test_jobs_are_listed_and_filtered(server: Running) -> None:
    first = server.submit()
    second = server.submit("other")
    claim(server.robot())
    admin = server.admin
    assert admin.jobs()["total"] == 2
    assert [job["job_id"] for job in admin.jobs(workflow_id="other")["jobs"]] == [second]
    assert [job["job_id"] for job in admin.jobs(status="claimed")["jobs"]] == [first]
    assert admin.jobs(status=["claimed", "pending"])["total"] == 2
    assert [job["job_id"] for job in admin.call("GET", "/jobs/active")["jobs"]] == [first]
    assert [job["job_id"] for job in admin.jobs(robot_id="r1")["jobs"]] == [first]
    assert len(admin.jobs(limit=1)["jobs"]) == 1


def test_a_finished_job_shows_its_result_and_its_nodes(server: Running) -> None:
    job_id = server.submit()
    run_job(server, job_id, "start", "end")
    job = server.admin.job(job_id)
    assert job["status"] == "completed"
    assert job["result"]["variables"] == {"answer": 42}
    assert [node["node_id"] for node in job["node_executions"]] == ["start", "end"]
    listed = server.admin.jobs()["jobs"][0]
    assert listed["node_executions"] == []


def test_a_pending_job_is_cancelled_at_once(server: Running) -> None:
    job_id = server.submit()
    done = server.admin.cancel(job_id)
    assert done["cancelled"] is True and done["previous_status"] == "pending"
    assert server.admin.job(job_id)["status"] == "cancelled"
    again = server.admin.cancel(job_id)
    assert again["cancelled"] is False and again["previous_status"] == "cancelled"


def test_the_robot_of_a_running_job_is_asked_to_stop(server: Running) -> None:
    job_id = server.submit()
    attempt = claim(server.robot())
    attempt.start()
    assert server.admin.cancel(job_id)["cancelled"] is True
    assert attempt.start()["cancel"] == [job_id]
    assert attempt.finish("cancelled")["status"] == "cancelled"


def test_a_cancelled_job_is_retried_as_a_new_one(server: Running) -> None:
    job_id = server.submit(input_data={"a": 1})
    with pytest.raises(errors.InvalidTransition):
        server.admin.retry(job_id)
    server.admin.cancel(job_id)
    new = server.admin.retry(job_id)
    assert new["original_job_id"] == job_id != new["new_job_id"]
    assert server.admin.job(new["new_job_id"])["input_data"] == {"a": 1}


def test_events_are_read_on_from_the_last_one(server: Running) -> None:
    job_id = server.submit()
    run_job(server, job_id)
    whole = server.admin.events(job_id)
    seqs = [event["seq"] for event in whole["events"]]
    assert seqs == list(range(1, len(seqs) + 1))
    assert whole["events"][-1]["type"] == "job.completed"
    page = server.admin.events(job_id, after=2, limit=2)
    assert [event["seq"] for event in page["events"]] == [3, 4] and page["last_seq"] == 4


@pytest.mark.usefixtures("only_hints")
def test_a_wait_for_events_ends_with_the_first_one(server: Running) -> None:
    job_id = server.submit()
    answers: list[list[str]] = []

    def wait() -> None:
        page = server.admin.events(job_id, after=1, wait=25)
        answers.append([event["type"] for event in page["events"]])

    waiting = threading.Thread(target=wait)
    waiting.start()
    robot = server.robot()
    claim(robot)
    waiting.join(timeout=20)  # without a hint it would end after 25 s
    assert answers[0][0] == "job.claimed"


def test_a_wait_for_events_of_a_finished_job_ends_at_once(server: Running) -> None:
    job_id = server.submit()
    server.admin.cancel(job_id)
    last = server.admin.job(job_id)["last_seq"]
    began = time.monotonic()
    assert server.admin.events(job_id, after=last, wait=20)["events"] == []
    assert time.monotonic() - began < 18


def test_a_list_takes_all_filters_and_goes_on_at_its_cursor(server: Running) -> None:
    server.push()
    request = {"workflow_id": "my-workflow", "tags": ["a", "b"], "priority": 2, "robot_id": "r1"}
    ids = [server.admin.submit(request)["job_id"] for _ in range(3)]
    server.admin.submit({"workflow_id": "my-workflow", "tags": ["a"]})
    wanted = {
        "tag": ["b", "a"],
        "priority": 2,
        "robot_id": "r1",
        "status": "queued",
        "since": "2020-01-01T00:00:00Z",
        "until": "2100-01-01T00:00:00+01:00",
        "sort": "created",
        "limit": 2,
    }
    first = server.admin.jobs(**wanted)
    assert [job["job_id"] for job in first["jobs"]] == ids[:2] and first["total"] == 3
    rest = server.admin.jobs(**wanted, cursor=first["next_cursor"])
    assert [job["job_id"] for job in rest["jobs"]] == ids[2:]
    assert (rest["total"], rest["next_cursor"]) == (None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [("cursor", "made-up"), ("sort", "size"), ("since", "soon"), ("limit", 501), ("priority", 21)],
)
def test_what_no_list_can_be_made_of_is_refused(server: Running, name: str, value: object) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        server.admin.jobs(**{name: value})
    assert name in str(refused.value.details) + str(refused.value)
