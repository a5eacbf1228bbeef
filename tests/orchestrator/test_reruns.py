"""Running a job again through the API."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa import errors
from casare_rpa.domain.jobs import STARTS_ANYWHERE
from tests.orchestrator.support import Running, claim


def test_a_job_is_run_again_from_its_first_node(server: Running) -> None:
    job_id = server.submit(input_data={"a": 1})
    with pytest.raises(errors.InvalidTransition, match="is pending"):
        server.admin.rerun(job_id, {"start": "all"})
    server.admin.cancel(job_id)
    plan = server.admin.rerun(job_id, {"start": "all", "dry_run": True})
    assert plan["new_job_id"] is None
    assert [node["node_id"] for node in plan["runs"]] == ["start", "end"]
    made = server.admin.rerun(job_id, {"start": "all", "variables": {"a": 2}})
    job = server.admin.job(made["new_job_id"])
    assert (job["rerun_of"], job["from_node"], job["input_data"]) == (job_id, None, {"a": 2})
    assert server.admin.rerun(job_id, {"start": "all", "dry_run": True})["earlier_reruns"] == [
        made["new_job_id"]
    ]


def test_a_robot_is_told_where_to_begin(server: Running) -> None:
    job_id = server.submit()
    robot = server.robot()
    about = {"robot_id": "r1", "name": "r1", "hostname": "host"}
    robot.register({**about, "capabilities": [STARTS_ANYWHERE]})
    attempt = claim(robot)
    attempt.start()
    marked = {"node_id": "start", "node_type": "StartNode", "state": {}}
    done = {**marked, "output_data": {}, "execution_time_ms": 1.0}
    end = {"node_id": "end", "node_type": "EndNode", "side_effect": True}
    attempt.send("node.started", **marked)
    attempt.send("node.completed", **done)
    attempt.send("node.started", **end, state={"variables": {"x": [1]}})
    attempt.finish("failed", failed_node_id="end", error_message="no")
    with pytest.raises(errors.Conflict, match="act on the outside world") as refused:
        server.admin.rerun(job_id, {"start": "failed"})
    assert refused.value.details["side_effects"] == ["end"]
    server.admin.rerun(job_id, {"start": "failed", "accept_side_effects": True})
    start = claim(robot).grant["start"]
    assert (start["node_id"], start["variables"], start["reused"]) == ("end", {"x": [1]}, ["start"])


def test_a_request_that_does_not_say_where_is_refused(server: Running) -> None:
    bodies: tuple[dict[str, Any], ...] = (
        {},
        {"start": "node"},
        {"start": "all", "from_node": "a"},
        {"start": "some"},
        {"start": "failed", "variables": [1]},
    )
    with server.http() as http:
        for body in bodies:
            assert http.post("/api/v1/jobs/nope/rerun", json=body).status_code == 422, body
