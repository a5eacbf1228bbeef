from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casare_rpa import errors
from tests.orchestrator.support import Running, eventually, running

Json = dict[str, Any]


@pytest.fixture
def made(server: Running) -> Json:
    return make(server)


def make(server: Running, **more: Any) -> Json:
    """A schedule of a workflow that is pushed first; it fires once a year."""
    server.push()
    about = {
        "workflow_id": "my-workflow",
        "schedule_name": "yearly",
        "cron_expression": "0 6 1 1 *",
        "timezone": "Europe/Berlin",
    }
    return server.admin.create_schedule(about | more)


def test_a_made_schedule_says_when_it_fires(server: Running, made: Json) -> None:
    assert made["next_run"].endswith("-01-01T05:00:00Z")
    assert made["next_runs"][0].endswith("-01-01T06:00:00+01:00") and len(made["next_runs"]) == 5
    assert (made["enabled"], made["catch_up"], made["run_count"]) == (True, "latest", 0)
    assert server.admin.schedule("yearly") == made
    assert server.admin.schedule(made["schedule_id"]) == made
    assert len(server.admin.schedule("yearly", next_runs=12)["next_runs"]) == 12


def test_schedules_are_listed_by_workflow_and_by_switch(server: Running, made: Json) -> None:
    (listed,) = server.admin.schedules(workflow_id="my-workflow", enabled=True)
    assert listed | {"next_runs": made["next_runs"]} == made
    assert server.admin.schedules(enabled=False) == []
    assert server.admin.schedules(workflow_id="another") == []
    upcoming: Any = server.admin.call("GET", "/schedules/upcoming", params={"limit": 5})
    (coming,) = upcoming
    assert coming == {
        "schedule_id": made["schedule_id"], "schedule_name": "yearly",
        "workflow_id": "my-workflow", "workflow_name": "my-workflow",
        "next_run": made["next_run"], "type": "cron", "status": "active",
    }  # fmt: skip


def test_disabled_it_has_no_next_run_until_it_is_enabled(server: Running, made: Json) -> None:
    off = server.admin.disable_schedule("yearly")
    assert (off["enabled"], off["next_run"], off["next_runs"]) == (False, None, [])
    assert server.admin.call("GET", "/schedules/upcoming") in ([], {})
    assert server.admin.enable_schedule("yearly")["next_run"] == made["next_run"]


@pytest.mark.parametrize(("method", "verb"), [("PUT", "trigger"), ("POST", "run-now")])
def test_a_run_by_hand_is_a_job_of_the_schedule(server: Running, method: str, verb: str) -> None:
    made = make(server, input_data={"x": 1}, priority=2)
    path = f"/schedules/{made['schedule_id']}"
    triggered = server.admin.call(method, f"{path}/{verb}")
    assert (triggered["status"], triggered["triggered_via"]) == ("success", "direct")
    job = server.admin.job(triggered["job_id"])
    assert (job["input_data"], job["priority"]) == ({"x": 1}, 2)
    assert job["schedule_id"] == made["schedule_id"]
    runs = server.admin.schedule_runs("yearly")
    assert (runs["total"], runs["jobs"][0]["job_id"]) == (1, job["job_id"])
    after = server.admin.schedule("yearly")
    assert (after["run_count"], after["next_run"]) == (1, made["next_run"])


def test_a_change_takes_only_what_is_given(server: Running, made: Json) -> None:
    changed = server.admin.change_schedule("yearly", {"priority": 0, "timezone": "UTC"})
    assert (changed["priority"], changed["schedule_name"]) == (0, "yearly")
    assert changed["next_run"].endswith("-01-01T06:00:00Z")


def test_a_deleted_schedule_is_gone(server: Running, made: Json) -> None:
    gone = server.admin.delete_schedule(made["schedule_id"])
    assert gone["status"] == "success" and made["schedule_id"] in gone["message"]
    for call in (server.admin.schedule, server.admin.delete_schedule, server.admin.schedule_runs):
        with pytest.raises(errors.NotFound):
            call(made["schedule_id"])


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cron_expression": "0 0 31 4 *"}, "cron_expression"),
        ({"cron_expression": "* * *"}, "cron_expression"),
        ({"timezone": "Europe/Atlantis"}, "timezone"),
    ],
)
def test_what_can_never_fire_is_a_bad_request(server: Running, wrong: Json, field: str) -> None:
    with server.http() as http:
        server.push()
        body = {"workflow_id": "my-workflow", "schedule_name": "x", "cron_expression": "@daily"}
        response = http.post("/api/v1/schedules", json=body | wrong)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["field"] == field and next(iter(wrong.values())) in error["message"]
    assert error["hint"]
    assert server.admin.schedules() == []


def test_a_schedule_of_an_unknown_workflow_is_not_found(server: Running) -> None:
    with pytest.raises(errors.NotFound, match="nothing"):
        make(server, workflow_id="nothing")


def test_the_server_submits_a_job_when_the_time_has_come(server: Running) -> None:
    made = make(server, cron_expression="* * * * *", timezone="UTC")
    runs = eventually(lambda: server.admin.schedule_runs("yearly")["jobs"], within_seconds=90)
    queued = server.admin.events(runs[0]["job_id"])["events"][0]["data"]
    assert datetime.fromisoformat(queued["scheduled_for"]) == datetime.fromisoformat(
        made["next_run"]
    )
    late = datetime.fromisoformat(runs[0]["created_at"]) - datetime.fromisoformat(made["next_run"])
    assert timedelta(0) <= late < timedelta(seconds=20)


def test_a_schedule_outlives_its_server(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        made = make(first)
        key = first.admin_key
    with running(tmp_path) as second:
        assert second.client(key).schedule("yearly") == made
