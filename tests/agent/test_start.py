from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.agent import workflows
from tests.agent.checks import wait_until_gone
from tests.support.fleet import Agent, Orchestrator, Program, eventually, start_agent


def refused(agent: Agent, code: int, *words: str) -> None:
    assert agent.program.wait() == code, agent.program.tail()
    lines = agent.program.tail().splitlines()
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0]


def test_it_says_who_it_is_and_what_is_off(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="berta", tags="eu,linux") as agent:
        eventually(lambda: "switched off" in agent.program.tail())
        shown = agent.program.tail()
        key = agent.program.environment["CASARE_API_KEY"]
    assert "robot berta" in shown
    assert orchestrator.url in shown
    assert "tags eu, linux" in shown
    assert "switched off: " in shown
    assert key not in shown


def test_an_unknown_key_is_refused_in_one_line(orchestrator: Orchestrator, tmp_path: Path) -> None:
    wrong = "robot_" + "x" * 46
    with start_agent(orchestrator, tmp_path, wait=False, api_key=wrong) as agent:
        refused(agent, 77, "key")


def test_a_persons_key_is_refused(orchestrator: Orchestrator, tmp_path: Path) -> None:
    made = orchestrator.admin.create_key({"role": "operator", "name": "eve"})
    with start_agent(orchestrator, tmp_path, wait=False, api_key=made["api_key"]) as agent:
        refused(agent, 77, "belongs to a person", "robots keys create")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("api_key", ""),
        ("orchestrator_url", "localhost:8000"),
        ("poll_wait_seconds", 900),
        ("log_level", "LOUD"),
        ("max_concurrent_jobs", "many"),
    ],
)
def test_a_bad_setting_is_named_and_the_agent_must_not_be_restarted(
    orchestrator: Orchestrator, tmp_path: Path, setting: str, value: object
) -> None:
    given: dict[str, Any] = {setting: value}
    with start_agent(orchestrator, tmp_path, wait=False, **given) as agent:
        refused(agent, 78)


def test_a_second_agent_in_the_same_folder_is_refused(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        again = Program(
            "again", agent.program.command, agent.program.environment, tmp_path / "again.log"
        )
        again.start()
        assert again.wait() == 9
        assert again.tail().count("\n") == 0
        assert f"process {agent.pid}" in again.tail()


def test_it_waits_for_an_orchestrator_that_is_not_there(
    own_orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(own_orchestrator, tmp_path, robot_id="early") as agent:
        assert agent.stop() == 0
        own_orchestrator.kill()
        agent.start()
        eventually(lambda: "trying again" in agent.program.tail())
        own_orchestrator.start()
        eventually(lambda: agent.announcements() == 2)
        assert agent.stop() == 0


def test_a_revoked_key_ends_the_agent(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="revoked") as agent:
        (key,) = orchestrator.admin.robot_keys(robot_id="revoked")["keys"]
        orchestrator.admin.revoke_robot_key(key["id"])
        assert agent.program.wait() == 77, agent.program.tail()


def test_of_two_starts_with_one_key_the_newer_one_stays(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    older.mkdir()
    newer.mkdir()
    with start_agent(orchestrator, older, robot_id="twice") as first:
        key = first.program.environment["CASARE_API_KEY"]
        with start_agent(orchestrator, newer, robot_id="twice", api_key=key) as second:
            assert first.program.wait() == 9, first.program.tail()
            assert second.program.alive()
            assert not orchestrator.admin.robot("twice")["draining"]
            job = orchestrator.wait_for(orchestrator.submit(workflows.quick(), robot_id="twice"))
            assert job["status"] == "completed"


def test_a_start_that_loses_the_robot_while_it_stops_does_not_sign_the_newer_one_off(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    older.mkdir()
    newer.mkdir()
    with start_agent(orchestrator, older, robot_id="late", drain_timeout_seconds=60) as first:
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="late")
        eventually(lambda: workflows.ledger(tmp_path))
        first.program.signal(signal.SIGTERM)
        eventually(lambda: orchestrator.admin.robot("late")["draining"])
        key = first.program.environment["CASARE_API_KEY"]
        with start_agent(orchestrator, newer, robot_id="late", api_key=key):
            assert first.program.wait() == 0, first.program.tail()
            robot = orchestrator.admin.robot("late")
            assert (robot["status"] == "offline", robot["draining"]) == (False, False)
            (tmp_path / "gate").touch()
            assert orchestrator.wait_for(job_id)["attempt"] == 2


def test_an_expired_key_lets_running_jobs_end_and_then_the_agent(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=10)  # by then its job must be at work
    made = orchestrator.admin.create_robot_key(
        {"robot_id": "expiring", "name": "short", "expires_at": soon.isoformat()}
    )
    with start_agent(
        orchestrator,
        tmp_path,
        robot_id="expiring",
        api_key=made["api_key"],
        max_concurrent_jobs=2,
        poll_wait_seconds=1,
    ) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="expiring")
        eventually(lambda: workflows.ledger(tmp_path))
        eventually(lambda: "refuses this robot's key" in agent.program.tail())
        assert orchestrator.job(job_id)["status"] == "running"
        (tmp_path / "gate").touch()
        assert agent.program.wait() == 77, agent.program.tail()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)


def test_a_revoked_key_ends_running_jobs(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="thrown-out") as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="thrown-out")
        eventually(lambda: workflows.ledger(tmp_path))
        (key,) = orchestrator.admin.robot_keys(robot_id="thrown-out")["keys"]
        orchestrator.admin.revoke_robot_key(key["id"])
        assert agent.program.wait() == 77, agent.program.tail()
        wait_until_gone(str(tmp_path / "gate"))
        orchestrator.admin.cancel(job_id)


def test_it_works_in_a_folder_whose_path_is_too_long_for_a_socket(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    with start_agent(orchestrator, deep, environment={"TMPDIR": str(deep)}) as agent:
        job = orchestrator.wait_for(orchestrator.submit(workflows.shell("true")))
        assert job["status"] == "completed"
        assert agent.stop() == 0
        assert "Traceback" not in agent.program.tail(1000)
