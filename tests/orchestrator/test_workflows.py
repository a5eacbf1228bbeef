from __future__ import annotations

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, workflow_document


def test_a_pushed_workflow_is_listed_and_read_back(server: Running) -> None:
    pushed = server.push()
    assert pushed["version"] == 1 and pushed["created"] is True and pushed["job_id"] is None
    listed = server.admin.workflows()
    assert [item["workflow_id"] for item in listed["workflows"]] == ["my-workflow"]
    assert "workflow_json" not in listed["workflows"][0]
    found = server.admin.workflow("my-workflow")
    assert found["workflow_json"] == workflow_document()
    assert found["created_at"].endswith("Z")


def test_the_same_content_makes_no_new_version(server: Running) -> None:
    server.push()
    again = server.push()
    assert again["version"] == 1 and again["created"] is False
    changed = workflow_document() | {"variables": {"x": 1}}
    newer = server.admin.push_workflow(
        {"workflow_id": "my-workflow", "name": "my-workflow", "workflow_data": changed}
    )
    assert newer["version"] == 2 and newer["created"] is True


def test_put_makes_the_next_version_of_a_known_one_only(server: Running) -> None:
    body = {"workflow_name": "my-workflow", "workflow_json": workflow_document()}
    with pytest.raises(errors.NotFound):
        server.admin.call("PUT", "/workflows/my-workflow", json=body)
    server.push()
    body["workflow_json"] = workflow_document() | {"variables": {"x": 1}}
    assert server.admin.call("PUT", "/workflows/my-workflow", json=body)["version"] == 2
    first = server.admin.call("GET", "/workflows/my-workflow", params={"version": 1})
    assert first["workflow_json"] == workflow_document()


def test_a_broken_workflow_is_refused_with_every_problem(server: Running) -> None:
    document = workflow_document()
    document["connections"][0]["target_node"] = "nowhere"
    document["nodes"]["bad"] = {"node_id": "bad", "config": []}
    with pytest.raises(errors.WorkflowInvalid) as refused:
        server.admin.push_workflow({"workflow_name": "broken", "workflow_json": document})
    problems = refused.value.details["problems"]
    assert len([p for p in problems if p["severity"] == "error"]) >= 2
    assert set(problems[0]) == {
        "code", "severity", "message", "pointer", "line", "node_id", "hint",
    }  # fmt: skip
    assert server.admin.workflows()["total"] == 0


def test_a_node_type_that_only_some_robots_have_is_accepted(server: Running) -> None:
    document = workflow_document()
    document["nodes"]["end"]["node_type"] = "OurOwnNode"
    pushed = server.admin.push_workflow({"workflow_name": "own", "workflow_json": document})
    assert pushed["created"] is True


def test_only_an_explicit_manual_trigger_submits_a_job(server: Running) -> None:
    body = {"workflow_name": "now", "workflow_json": workflow_document(), "priority": 3}
    assert server.admin.push_workflow(body)["job_id"] is None
    pushed = server.admin.push_workflow(body | {"trigger_type": "manual"})
    job = server.admin.job(pushed["job_id"])
    assert job["status"] == "pending" and job["priority"] == 3


def test_a_schedule_is_refused_rather_than_forgotten(server: Running) -> None:
    body = {
        "workflow_name": "x",
        "workflow_json": workflow_document(),
        "schedule_cron": "* * * * *",
    }
    with pytest.raises(errors.InvalidInput, match="schedules"):
        server.admin.push_workflow(body | {"trigger_type": "scheduled"})
    assert server.admin.workflows()["total"] == 0


def test_a_deleted_workflow_is_gone_and_its_jobs_run_on(server: Running) -> None:
    job_id = server.submit()
    gone = server.admin.delete_workflow("my-workflow")
    assert gone["status"] == "success" and gone["deleted_from"]["database"] is True
    with pytest.raises(errors.NotFound):
        server.admin.workflow("my-workflow")
    grant = server.robot().claim({})
    assert grant is not None and grant["job_id"] == job_id
