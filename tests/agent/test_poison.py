"""Jobs that kill: themselves, their guard, their agent (F2, F46, F47)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent import workflows
from tests.agent.checks import sound_history, types
from tests.support.fleet import (
    Orchestrator,
    eventually,
    start_agent,
    start_orchestrator,
)


@pytest.mark.parametrize("number", ["KILL", "SEGV", "TERM", "ABRT"])
def test_a_job_whose_process_ends_by_a_signal_fails_and_says_which(
    orchestrator: Orchestrator, tmp_path: Path, number: str
) -> None:
    robot_id = f"r-{number.lower()}"
    with start_agent(orchestrator, tmp_path, robot_id=robot_id) as agent:
        job_id = orchestrator.submit(
            workflows.shell(f"kill -{number} $PPID; sleep 60"), robot_id=robot_id, max_retries=0
        )
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["error_type"]) == ("failed", "PROCESS_DIED")
        assert f"SIG{number}" in job["error_message"]
        sound_history(orchestrator, job_id)
        # It was the process, not the robot: no crash is counted, and the robot goes on.
        assert "job.requeued" not in types(orchestrator.history(job_id))
        after = orchestrator.submit(workflows.quick(), robot_id=robot_id)
        assert orchestrator.wait_for(after)["status"] == "completed"
        assert agent.program.alive()


def test_a_process_that_dies_counts_as_a_failure_and_is_retried_as_often_as_asked(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="retried"):
        job_id = orchestrator.submit(
            workflows.shell("kill -KILL $PPID"), robot_id="retried", max_retries=1
        )
        job = orchestrator.wait_for(job_id, seconds=60)
        assert (job["status"], job["attempt"], job["retry_count"]) == ("failed", 2, 1)


def test_a_job_that_kills_its_agent_is_given_up_after_three_crashes_while_others_go_on(
    tmp_path: Path,
) -> None:
    with (
        start_orchestrator(tmp_path, lost_backoff_max_seconds=0.5) as orchestrator,
        start_agent(orchestrator, tmp_path, robot_id="victim") as victim,
        start_agent(orchestrator, tmp_path, robot_id="other"),
    ):
        poison = workflows.shell(f"kill -KILL $(cat '{victim.state_dir}/agent.pid'); sleep 60")
        job_id = orchestrator.submit(poison, robot_id="victim")
        deaths, others = 0, []
        while orchestrator.job(job_id)["status"] != "failed" and deaths < 6:
            others.append(orchestrator.submit(workflows.quick(), robot_id="other"))
            eventually(
                lambda: (
                    not victim.program.alive() or orchestrator.job(job_id)["status"] == "failed"
                ),
                60,
            )
            if not victim.program.alive():
                deaths += 1
                victim.start()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["failure_reason"], deaths) == ("failed", "crash_limit", 3)
        sound_history(orchestrator, job_id)
        for other in others:
            assert orchestrator.wait_for(other)["status"] == "completed"
        after = orchestrator.submit(workflows.quick(), robot_id="victim")
        assert orchestrator.wait_for(after)["status"] == "completed"


#: Loaded by every Python of the agent: a job's process does this instead of running its workflow.
_HOSTILE = """
import asyncio, os
class Strange(BaseException): pass
def run(main, **more):
    main.close()
    {act}
asyncio.run = run
"""


@pytest.mark.parametrize(
    ("act", "code", "says"),
    [
        ("os._exit(0)", "PROCESS_DIED", "exit code 0"),
        ("os._exit(3)", "PROCESS_DIED", "exit code 3"),
        ("raise SystemExit(0)", "INTERNAL_ERROR", "SystemExit"),
        ("raise KeyboardInterrupt", "INTERNAL_ERROR", "KeyboardInterrupt"),
        ("raise Strange('thing')", "INTERNAL_ERROR", "Strange: thing"),
        ("raise MemoryError", "MEMORY_ERROR", "MemoryError"),
    ],
)
def test_a_process_without_a_result_fails_its_job_as_often_as_it_may_be_tried(
    orchestrator: Orchestrator, tmp_path: Path, act: str, code: str, says: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_HOSTILE.format(act=act), encoding="utf-8")
    robot_id = f"r-{tmp_path.name}"[:60]
    environment = {"PYTHONPATH": str(tmp_path)}
    with start_agent(orchestrator, tmp_path, robot_id=robot_id, environment=environment) as agent:
        job_id = orchestrator.submit(workflows.quick(), robot_id=robot_id, max_retries=1)
        job = orchestrator.wait_for(job_id, seconds=60)
        assert (job["status"], job["error_type"]) == ("failed", code), job["error_message"]
        assert says in job["error_message"]
        assert (job["attempt"], job["retry_count"]) == (2, 1)
        sound_history(orchestrator, job_id)
        assert agent.program.alive()
        eventually(lambda: not agent.journals())
