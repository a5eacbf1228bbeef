from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.support import Cli, Robot, Server, error_of


@pytest.fixture
def dead(robot: Robot, submit: Callable[..., str]) -> str:
    """A job that failed for good; its id."""
    job_id = submit(robot, input_data={"x": 1})
    robot.run(status="failed", error_message="no such invoice", failure_reason="business_error")
    return job_id


@pytest.fixture
def admin(remote: Cli, server: Server) -> Cli:
    remote.env["CASARE_API_KEY"] = server.admin_key
    return remote


def test_the_list_shows_what_waits_for_a_decision(remote: Cli, dead: str, workflow: str) -> None:
    words = ("jobs", "dead-letters", "list", "--workflow", workflow)
    shown = remote(*words)
    assert shown.returncode == 0
    assert dead in shown.stdout and "business_error" in shown.stdout
    listed = json.loads(remote(*words, "-o", "json").stdout)
    assert [entry["original_job_id"] for entry in listed["items"]] == [dead]
    assert remote(*words, "-o", "name").stdout.split() == [listed["items"][0]["id"]]


def test_a_workflow_is_meant_by_its_name_too(remote: Cli, dead: str, workflow_name: str) -> None:
    listed = remote("jobs", "dead-letters", "list", "--workflow", workflow_name, "-o", "json")
    assert [entry["original_job_id"] for entry in json.loads(listed.stdout)["items"]] == [dead]
    unknown = remote("jobs", "dead-letters", "list", "--workflow", "no-such", "-o", "json")
    assert error_of(unknown)["code"] == "RESOURCE_NOT_FOUND"


def test_a_page_says_where_the_next_begins(
    remote: Cli, robot: Robot, submit: Callable[..., str], workflow: str
) -> None:
    for _ in range(3):
        submit(robot)
        robot.run(status="failed")
    words = ("jobs", "dead-letters", "list", "--workflow", workflow, "--limit", "2", "-o", "json")
    page = json.loads(remote(*words).stdout)
    rest = json.loads(remote(*words, "--cursor", page["next_cursor"]).stdout)
    assert (len(page["items"]), len(rest["items"]), rest["next_cursor"]) == (2, 1, None)


def test_nothing_to_decide_is_said(remote: Cli, workflow: str) -> None:
    shown = remote.on_terminal("jobs", "dead-letters", "list", "--workflow", workflow)
    assert shown.code == 0
    assert "no dead letters" in shown.text


def test_one_is_shown_by_its_job(remote: Cli, dead: str) -> None:
    shown = remote("jobs", "dead-letters", "get", dead)
    assert shown.returncode == 0
    assert "no such invoice" in shown.stdout
    found = json.loads(remote("jobs", "dead-letters", "get", dead, "-o", "json").stdout)
    assert found["original_job_id"] == dead
    assert found["error_details"]["attempt"] == 1


def test_a_lost_attempt_names_the_nodes_that_had_begun_to_act(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    job_id = submit(robot, on_lost="fail")
    robot.run(
        ("node.started", {"node_id": "pay", "side_effect": True}),
        status="failed",
        failure_reason="agent_lost",
    )
    found = json.loads(remote("jobs", "dead-letters", "get", job_id, "-o", "json").stdout)
    assert found["failure_reason"] == "agent_lost"
    assert found["error_details"]["side_effect_nodes"] == ["pay"]
    assert "pay" in remote("jobs", "dead-letters", "get", job_id).stdout
    assert "side effects" in remote("jobs", "get", job_id).stdout


def test_one_is_run_again_once(remote: Cli, server: Server, dead: str, workflow: str) -> None:
    done = remote("jobs", "dead-letters", "retry", dead)
    assert done.returncode == 0
    new_id = done.stdout.strip()
    with server.client() as client:
        assert client.job(new_id)["input_data"] == {"x": 1}
    again = remote("jobs", "dead-letters", "retry", dead, "-o", "json")
    error = error_of(again)
    assert again.returncode == 9
    assert new_id in error["message"] and new_id in error["hint"]
    words = ("jobs", "dead-letters", "list", "--workflow", workflow, "-o", "name")
    assert remote(*words).stdout == ""
    assert remote(*words, "--with-retried").stdout.strip()


def test_jobs_retry_deals_with_the_letter_too(remote: Cli, dead: str) -> None:
    new_id = remote("jobs", "retry", dead).stdout.strip()
    found = json.loads(remote("jobs", "dead-letters", "get", dead, "-o", "json").stdout)
    assert found["new_job_id"] == new_id


def test_json_names_the_new_job(remote: Cli, dead: str) -> None:
    result = json.loads(remote("jobs", "dead-letters", "retry", dead, "-o", "json").stdout)
    assert result["dlq_entry_id"] == dead
    assert result["new_job_id"] != dead


def test_one_is_forgotten_and_its_job_stays(admin: Cli, dead: str) -> None:
    done = admin("jobs", "dead-letters", "purge", dead, "--yes")
    assert done.returncode == 0, done.stderr
    assert admin("jobs", "dead-letters", "get", dead).returncode == 4
    assert admin("jobs", "get", dead).returncode == 0


def test_old_ones_are_forgotten_and_young_ones_stay(admin: Cli, dead: str) -> None:
    done = admin("jobs", "dead-letters", "purge", "--older-than-days", "1", "--yes", "-o", "json")
    assert json.loads(done.stdout)["purged_count"] == 0
    assert admin("jobs", "dead-letters", "get", dead).returncode == 0


def test_forgetting_is_for_administrators(remote: Cli, dead: str) -> None:
    assert remote("jobs", "dead-letters", "purge", dead, "--yes").returncode == 5
    assert remote("jobs", "dead-letters", "get", dead).returncode == 0


@pytest.mark.parametrize(
    "words", [[], ["x", "--older-than-days", "3"], ["--older-than-days", "0"], ["x"]]
)
def test_what_is_to_be_forgotten_has_to_be_said(admin: Cli, words: list[str]) -> None:
    done = admin("jobs", "dead-letters", "purge", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["get", "retry"])
def test_an_unknown_one_exits_4(remote: Cli, verb: str) -> None:
    done = remote("jobs", "dead-letters", verb, "nope")
    assert done.returncode == 4
    assert "dead letter 'nope'" in done.stderr


def test_submit_says_what_a_lost_robot_means(remote: Cli, workflow: str) -> None:
    words = ("jobs", "submit", workflow, "--robot", "nobody", "-o", "json")
    assert json.loads(remote(*words).stdout)["on_lost"] == "requeue"
    assert json.loads(remote(*words, "--on-lost", "fail").stdout)["on_lost"] == "fail"
    assert remote(*words, "--on-lost", "maybe").returncode == 2
