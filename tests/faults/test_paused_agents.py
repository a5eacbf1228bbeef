"""SIGSTOP and SIGCONT of the agent: the one instant that chance does not find."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.agent import workflows
from tests.faults.invariants import check_nothing_left
from tests.support.fleet import eventually, start_agent, start_orchestrator

LEASE_SECONDS = 4.0


def test_a_job_that_comes_back_to_a_paused_agent_is_not_taken_for_the_lost_attempt(
    tmp_path: Path,
) -> None:
    """Its waiting claim is answered with the job that it is just losing."""
    with (
        start_orchestrator(tmp_path, lease_seconds=LEASE_SECONDS) as orchestrator,
        start_agent(orchestrator, tmp_path, max_concurrent_jobs=2) as agent,
    ):
        job_id = orchestrator.submit(workflows.waiting(1.5))
        orchestrator.wait_for(job_id, "running")
        agent.program.signal(signal.SIGSTOP)
        try:
            eventually(lambda: orchestrator.job(job_id)["attempt"] == 2)
        finally:
            agent.program.signal(signal.SIGCONT)
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 2), agent.program.tail()
        check_nothing_left(agent)
