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
        "code", "severity", "node", "field", "line", "column", "message", "mend",
        "pointer", "node_id", "hint",
    }  # fmt: skip
    assert server.admin.workflows()["total"] == 0


def test_what_is_wrong_beyond_the_document_is_refused_or_told(server: Running) -> None:
    document = workflow_document()
    document["nodes"]["say"] = {
        "node_id": "say",
        "node_type": "LogNode",
        "config": {"message": "{{nobody}}"},
    }
    submission = {"workflow_name": "told", "workflow_json": document}
    warnings = server.admin.push_workflow(submission)["warnings"]
    told = {(warning["code"], warning["node"], warning["field"]) for warning in warnings}
    assert ("UNRESOLVED_NAME", "say", "config.message") in told
    first = next(iter(document["nodes"]))
    document["connections"] += [
        {
            "source_node": "say",
            "source_port": "exec_ot",
            "target_node": first,
            "target_port": "exec_in",
        }
    ]
    with pytest.raises(errors.WorkflowInvalid) as refused:
        server.admin.push_workflow(submission)
    found = [p for p in refused.value.details["problems"] if p["code"] == "UNKNOWN_PORT"]
    assert [p["mend"] for p in found] == ["exec_ot; did you mean exec_out?"]


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


def test_a_scheduled_workflow_has_one_schedule_however_often_it_is_pushed(server: Running) -> None:
    body = {
        "workflow_name": "nightly",
        "workflow_json": workflow_document(),
        "trigger_type": "scheduled",
        "schedule_cron": "0 2 * * *",
        "priority": 3,
    }
    pushed = server.admin.push_workflow(body)
    made = server.admin.schedule(pushed["schedule_id"])
    assert (made["workflow_id"], made["schedule_name"]) == (pushed["workflow_id"], "nightly")
    assert (made["cron_expression"], made["timezone"], made["priority"]) == ("0 2 * * *", "UTC", 3)
    server.admin.call("PUT", f"/schedules/{pushed['schedule_id']}/disable")
    again = server.admin.push_workflow(body | {"schedule_cron": "@hourly"})
    assert again["schedule_id"] == pushed["schedule_id"]
    (only,) = server.admin.schedules()
    assert (only["cron_expression"], only["enabled"]) == ("@hourly", False)


def test_an_older_way_to_say_when_is_understood(server: Running) -> None:
    trigger = {"type": "schedule", "cron": "0 2 * * *"}
    body = {"workflow_name": "x", "workflow_json": workflow_document(), "trigger": trigger}
    assert server.admin.push_workflow(body)["schedule_id"]


@pytest.mark.parametrize("cron", [None, "0 0 30 2 *"])
def test_a_workflow_with_times_that_cannot_be_is_not_stored(
    server: Running, cron: str | None
) -> None:
    body = {"workflow_name": "x", "workflow_json": workflow_document(), "schedule_cron": cron}
    with pytest.raises(errors.BadRequest):
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
