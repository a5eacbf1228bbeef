from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest

from casare_rpa.domain.jobs import STARTS_ANYWHERE
from tests.cli.support import Cli, Robot, Server, error_of
from tests.support.runs import chain, document, node
from tests.support.told import told

RAW = document(
    {
        "set": node("SetVariableNode", variable_name="x", value="{{seed}}"),
        "act": node("RunCommandNode", command="echo x", shell=True, allow_dangerous=True),
        "loop": node("ForLoopStartNode", mode="range", start=0, end=2),
        "in": node("SetVariableNode", variable_name="y", value="{{x}}"),
        "end": node("ForLoopEndNode"),
        "bad": node("AssertNode", condition="{{fail}} == 0", message="no"),
    },
    chain("set", "act", "loop.body", "in", "end"),
    chain("loop.completed", "bad"),
    variables={"seed": 7, "fail": 1},
)


@pytest.fixture
def failed(server: Server, robot: Robot) -> Iterator[str]:
    """A job that failed at "bad", after "act" had acted."""
    with played(server, robot, RAW) as job_id:
        yield job_id


@contextmanager
def played(server: Server, robot: Robot, raw: dict[str, Any]) -> Iterator[str]:
    """The job of a run of *raw* that failed."""
    name = f"w-{uuid4().hex[:8]}"
    about = {"robot_id": robot.robot_id, "name": robot.robot_id, "hostname": "test"}
    robot.client.register({**about, "capabilities": [STARTS_ANYWHERE]})
    with server.client() as client:
        client.push_workflow({"workflow_id": name, "workflow_name": name, "workflow_json": raw})
        client.submit({"workflow_id": name, "robot_id": robot.robot_id})
        events, result = told(raw)
        assert result.error is not None
        told_events = [(event["type"], event["data"]) for event in events]
        yield robot.run(*told_events, status="failed", failed_node_id=result.error.node_id)
        for job in client.jobs(workflow_id=name, status="pending", limit=500)["jobs"]:
            client.cancel(job["job_id"])


def test_the_job_goes_on_where_it_failed_and_its_new_id_is_printed(
    remote: Cli, server: Server, robot: Robot, failed: str
) -> None:
    done = remote("jobs", "rerun", failed, "--failed", "--set", "fail:=0")
    assert done.returncode == 0, done.stderr
    robot.claim()
    assert done.stdout.strip() == robot.grant["job_id"]
    assert robot.grant["start"]["node_id"] == "bad"
    assert robot.grant["variables"] == {"fail": 0}
    assert "reused:\n  set  SetVariableNode  finished" in done.stderr
    assert "side effects that stay:\n  act  RunCommandNode  began" in done.stderr
    robot.finish()


def test_a_dry_run_shows_the_side_effects_first_and_makes_no_job(
    remote: Cli, server: Server, failed: str
) -> None:
    done = remote("jobs", "rerun", failed, "--all", "--dry-run")
    lines = done.stdout.splitlines()
    assert lines[1:3][0] == "side effects that happen AGAIN:"
    assert lines[2].startswith("  act  RunCommandNode")
    assert lines.index("may run:") > 2
    plan = json.loads(remote("jobs", "rerun", failed, "--all", "--dry-run", "-o", "json").stdout)
    assert (plan["from_node"], plan["new_job_id"]) == (None, None)
    with server.client() as client:
        assert client.jobs(workflow_id=plan["workflow_id"])["total"] == 1


def test_a_side_effect_that_would_happen_again_needs_a_word(
    remote: Cli, server: Server, failed: str
) -> None:
    refused = remote("jobs", "rerun", failed, "--from-node", "act")
    assert refused.returncode == 2
    assert "so that act acts again needs --yes" in refused.stderr
    assert refused.stdout == ""
    as_json = error_of(remote("jobs", "rerun", failed, "--from-node", "act", "-o", "json"))
    assert "so that act acts again" in as_json["message"]
    no = remote.on_terminal("jobs", "rerun", failed, "--from-node", "act", typed="n\n")
    assert no.code == 1
    assert "side effects that happen AGAIN:" in no.text
    done = remote("jobs", "rerun", failed, "--from-node", "act", "--yes", "-q", "-o", "json")
    assert json.loads(done.stdout)["from_node"] == "act"
    with server.client() as client:
        job = client.job(json.loads(done.stdout)["new_job_id"])
    assert (job["rerun_of"], job["from_node"]) == (failed, "act")


def test_what_cannot_be_is_refused_with_the_way_out(remote: Cli, failed: str) -> None:
    assert remote("jobs", "rerun", failed).returncode == 2
    assert remote("jobs", "rerun", failed, "--all", "--failed").returncode == 2
    inside = remote("jobs", "rerun", failed, "--from-node", "in")
    assert (inside.returncode, "--from-node loop" in inside.stderr) == (2, True)
    unknown = remote("jobs", "rerun", failed, "--from-node", "baad", "-o", "json")
    assert (unknown.returncode, error_of(unknown)["hint"]) == (4, "did you mean bad?")
    misspelt = remote("jobs", "rerun", failed, "--failed", "--set", "sede=1")
    assert (misspelt.returncode, "did you mean seed?" in misspelt.stderr) == (2, True)
    assert remote("jobs", "rerun", "nope", "--all").returncode == 4


def test_who_is_told_of_a_failure_is_told_a_rerun_that_works(
    remote: Cli, server: Server, robot: Robot, failed: str
) -> None:
    rerun = "once mended: casare-rpa jobs rerun"
    assert f"{rerun} {failed} --failed\n" in remote("jobs", "wait", failed).stderr
    needs_secret = document(
        {
            "set": node("SetVariableNode", variable_name="x", value="token {{pin}}"),
            "bad": node("AssertNode", condition="{{x}} == 0", message="no"),
        },
        chain("set", "bad"),
        variables={"pin": {"name": "pin", "default_value": "hunter22", "sensitive": True}},
    )
    with played(server, robot, needs_secret) as job_id:
        told_of = remote("jobs", "wait", job_id)
        assert told_of.returncode == 1
        assert f"{rerun} {job_id} --from-node set" in told_of.stderr
        assert remote("jobs", "rerun", job_id, "--failed").returncode == 9
        done = remote("jobs", "rerun", job_id, "--from-node", "set")
        assert done.returncode == 0, done.stderr


def test_a_job_that_has_not_ended_conflicts(remote: Cli, submit: object) -> None:
    done = remote("jobs", "rerun", submit(), "--all")  # type: ignore[operator]
    assert done.returncode == 9


def test_wait_exits_with_the_outcome(
    remote: Cli, server: Server, robot: Robot, failed: str
) -> None:
    running = remote.start("jobs", "rerun", failed, "--failed", "--wait", "-q")
    robot.run(status="failed", error_message="no luck")
    assert running.wait(60) == 1


def test_quiet_prints_no_id_as_submit_does(remote: Cli, failed: str) -> None:
    done = remote("jobs", "rerun", failed, "--failed", "--set", "fail:=0", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
