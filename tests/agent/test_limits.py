from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from casare_rpa import faults
from tests.agent import workflows
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent, start_orchestrator


def journal_bytes(agent: Agent) -> int:
    return sum(path.stat().st_size for path in agent.journals())


def test_a_job_waits_while_its_journal_is_full(tmp_path: Path) -> None:
    limit, one_frame = 100_000, 300_000
    with (
        start_orchestrator(tmp_path, lease_seconds=60) as orchestrator,
        start_agent(orchestrator, tmp_path, journal_max_bytes=limit) as agent,
    ):
        job_id = orchestrator.submit(workflows.endless())
        eventually(lambda: orchestrator.job(job_id)["last_seq"] > 50)
        orchestrator.kill()
        at_the_kill = journal_bytes(agent)
        eventually(lambda: _stands_still(agent), 30, "the journal standing still")
        assert journal_bytes(agent) - at_the_kill < limit + one_frame
        assert agent.job_folders(), "the job is not over, it waits"
        orchestrator.start()
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id, seconds=60)["status"] == "cancelled"
        history = orchestrator.history(job_id)
        assert [event["seq"] for event in history] == list(range(1, len(history) + 1))


def _stands_still(agent: Agent) -> bool:
    before = journal_bytes(agent)
    time.sleep(0.5)  # nothing to wait for: the point is that nothing happens
    return journal_bytes(agent) == before


def test_a_robot_without_disk_space_claims_nothing_and_says_why(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="full", min_free_bytes=10**18) as agent:
        job_id = orchestrator.submit(workflows.quick(), robot_id="full")
        eventually(lambda: "no jobs are claimed" in agent.program.tail())
        assert orchestrator.job(job_id)["status"] == "pending"
        eventually(lambda: orchestrator.admin.robot("full")["no_room"])
        why = orchestrator.admin.why(job_id)
        assert (why["verdict"], why["robots"][0]["obstacles"][0]["code"]) == ("blocked", "no_room")
        assert "are free on the disk" in why["message"]
        orchestrator.admin.cancel(job_id)


def test_a_robot_whose_disk_does_not_answer_claims_nothing_and_works_again_when_it_does(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    faults_of = ",".join(f"{word}:error:ESTALE@*" for word in ("disk.look", "processor.look"))
    options: dict[str, Any] = {"environment": {faults.VARIABLE: faults_of}}
    with start_agent(orchestrator, tmp_path, robot_id="stale", **options) as agent:
        job_id = orchestrator.submit(workflows.quick(), robot_id="stale")
        no_room = eventually(lambda: orchestrator.admin.robot("stale")["no_room"])
        assert no_room == f"the room on the disk cannot be read: {os.strerror(errno.ESTALE)}"
        assert orchestrator.job(job_id)["status"] == "pending"
        assert agent.stop() == 0
        agent.program.environment[faults.VARIABLE] = "disk.look:error:ESTALE@2"
        agent.start()
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        assert agent.stop() == 0


def test_a_job_whose_journal_finds_no_room_fails_as_disk_full(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    pytest.importorskip("resource", reason="needs file size limits")
    small = ("sh", "-c", 'ulimit -f 400; exec "$@"', "sh")
    with start_agent(orchestrator, tmp_path, prefix=small) as agent:
        job_id = orchestrator.submit(workflows.endless())
        job = orchestrator.wait_for(job_id, seconds=60)
        assert (job["status"], job["failure_reason"]) == ("failed", "disk_full")
        assert job["last_seq"] > 50
        eventually(lambda: not agent.journals())
        after = orchestrator.wait_for(orchestrator.submit(workflows.quick()))
        assert after["status"] == "completed"


def test_an_idle_agent_stops_after_its_idle_timeout(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    # Submitted before: the time without a job begins with the agent's own start.
    job_id = orchestrator.submit(workflows.quick(), robot_id="idle")
    with start_agent(
        orchestrator, tmp_path, robot_id="idle", arguments=("--idle-timeout", "3")
    ) as agent:
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        assert agent.program.wait() == 0
        assert "without a job" in agent.program.tail()


def test_a_long_job_leaves_a_whole_history(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path):
        job_id = orchestrator.submit(workflows.counting(2000))
        job = orchestrator.wait_for(job_id, seconds=60)
        assert job["result"]["variables"]["n"] == 2000
        history = orchestrator.history(job_id)
        added = [
            event["data"]["output_data"]["value"]
            for event in history
            if event["type"] == "node.completed" and event["data"]["node_id"] == "add"
        ]
        assert added == list(range(1, 2001))
        assert [event["seq"] for event in history] == list(range(1, len(history) + 1))


def test_an_agent_that_takes_jobs_holds_a_reserve(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        reserve = agent.state_dir / "journal" / "reserve"
        eventually(lambda: reserve.exists() and reserve.stat().st_blocks * 512 >= 2 << 20)
