from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from tests.agent import workflows
from tests.agent.checks import sound_history, types
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent
from tests.support.runs import chain, document, node


def test_a_job_runs_and_its_history_is_whole(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(
            document(
                {
                    "set": node("SetVariableNode", variable_name="x", value="{{given}}"),
                    "say": node("LogNode", message="x is {{x}}"),
                },
                chain("set", "say"),
            ),
            input_data={"given": 41},
        )
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1), agent.program.tail()
        assert job["result"]["variables"]["x"] == 41
        assert types(sound_history(orchestrator, job_id)) == [
            "job.queued",
            "job.claimed",
            "job.started",
            "node.started",
            "node.completed",
            "node.started",
            "log",
            "node.completed",
            "job.completed",
        ]
        eventually(lambda: not agent.journals() and not agent.job_folders())
        assert agent.stop() == 0


def test_a_failed_workflow_names_its_node(orchestrator: Orchestrator, tmp_path: Path) -> None:
    failing = document({"bad": node("ThrowErrorNode", error_message="no such invoice")})
    with start_agent(orchestrator, tmp_path):
        job = orchestrator.wait_for(orchestrator.submit(failing))
    assert job["status"] == "failed"
    assert job["failed_node_id"] == "bad"
    assert "no such invoice" in job["error_message"]
    assert job["failure_reason"] == "workflow_error"


def test_files_that_go_with_the_jobs_folder_are_told_in_its_log(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    writing = document({"write": node("WriteFileNode", file_path="report.csv", content="a,b")})
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(writing)
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        history = sound_history(orchestrator, job_id)
        eventually(lambda: not agent.job_folders())
    assert types(history)[-2:] == ["log", "job.completed"]
    assert "deleted, and with it report.csv" in history[-2]["data"]["message"]


def test_two_slots_run_two_jobs_at_once(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, max_concurrent_jobs=2):
        jobs = [orchestrator.submit(workflows.gated(tmp_path)) for _ in range(2)]
        eventually(lambda: workflows.ledger(tmp_path) == ["begin", "begin"])
        (tmp_path / "gate").touch()
        assert [orchestrator.wait_for(job)["status"] for job in jobs] == ["completed"] * 2


def test_once_runs_one_job_and_exits_with_its_outcome(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    failing = document({"bad": node("ThrowErrorNode", error_message="no")})
    for robot_id, workflow, code in (("good", workflows.quick(), 0), ("bad", failing, 1)):
        with start_agent(
            orchestrator, tmp_path, robot_id=robot_id, arguments=("--once",), wait=False
        ) as agent:
            orchestrator.submit(workflow, robot_id=robot_id)
            assert agent.program.wait() == code, agent.program.tail()


def test_a_job_sees_no_key_and_no_setting_of_the_agent(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        _check_what_a_job_sees(orchestrator, agent, tmp_path / "seen")


def test_a_job_sees_no_key_after_the_forking_process_was_killed(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    """The system does so for want of memory; the next job has another one."""
    with start_agent(orchestrator, tmp_path) as agent:
        _check_what_a_job_sees(orchestrator, agent, tmp_path / "before")
        before = _forking(agent)
        before.kill()
        orchestrator.wait_for(orchestrator.submit(workflows.shell("true")))
        _check_what_a_job_sees(orchestrator, agent, tmp_path / "after")
        assert _forking(agent) != before


def _forking(agent: Agent) -> psutil.Process:
    """The process that all jobs' processes are forks of."""
    living = [
        child
        for child in psutil.Process(agent.pid).children()
        if child.status() != psutil.STATUS_ZOMBIE and "forkserver" in " ".join(child.cmdline())
    ]
    (found,) = [child for child in living if child.ppid() == agent.pid]
    return found


def _check_what_a_job_sees(orchestrator: Orchestrator, agent: Agent, out: Path) -> None:
    """Its own environment, and those of all processes between it and the agent."""
    look = (
        f"(env; p=$$; while [ $p != {agent.pid} ] && [ $p -gt 1 ]; do cat /proc/$p/environ; "
        f"p=$(awk '/^PPid/ {{print $2}}' /proc/$p/status); done) > '{out}' 2>&1"
    )
    job = orchestrator.wait_for(orchestrator.submit(workflows.shell(look)))
    assert job["status"] == "completed", job["error_message"]
    seen = out.read_bytes()
    assert seen.count(b"PATH=") > 2
    assert b"CASARE_" not in seen
    assert agent.program.environment["CASARE_API_KEY"].encode() not in seen


def test_nothing_in_the_state_folder_is_for_others(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: workflows.ledger(tmp_path))
        for path in (agent.state_dir, *agent.state_dir.rglob("*")):
            if path.is_dir() or path.suffix == ".journal":
                assert path.stat().st_mode & 0o077 == 0, path
        (tmp_path / "gate").touch()
        eventually(lambda: not agent.journals())


def test_the_agents_own_process_loads_neither_engine_nor_server() -> None:
    import subprocess
    import sys

    shown = subprocess.run(
        [sys.executable, "-c", "import sys, agent.app; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    heavy = ("pydantic", "fastapi", "sqlalchemy", "casare_rpa.engine", "casare_rpa.nodes")
    assert [name for name in shown if name.startswith(heavy)] == []


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="needs /proc")
def test_a_running_agent_stays_small_and_loads_no_pydantic(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        orchestrator.wait_for(orchestrator.submit(workflows.quick()))
        assert psutil.Process(agent.pid).memory_info().rss < 60e6
        if os.geteuid() != 0:
            pytest.skip("only root may look at what the agent has loaded")
        assert "pydantic_core" not in Path(f"/proc/{agent.pid}/maps").read_text()


def test_a_failure_that_lies_in_the_data_is_told_apart_and_not_tried_again(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="robot-business") as agent:
        wrong = document({"get": node("DictGetNode", dict="{{given}}", key="a")})
        job_id = orchestrator.submit(
            wrong, input_data={"given": 7}, max_retries=2, robot_id="robot-business"
        )
        job = orchestrator.wait_for(job_id)
        assert job["status"] == "failed", agent.program.tail()
        assert (job["failure_reason"], job["attempt"]) == ("business_error", 1)
