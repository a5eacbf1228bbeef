"""kill -9 of the agent, at any instant."""

from __future__ import annotations

from pathlib import Path

from tests.agent import workflows
from tests.faults.invariants import check_log
from tests.support.fleet import eventually, start_agent, start_orchestrator


def test_every_attempt_that_was_taken_away_meanwhile_is_told_by_one_thread(tmp_path: Path) -> None:
    """Leftovers go to the side log while a start looks for what earlier ones left there."""
    with (
        start_orchestrator(tmp_path, max_crashes=100, lease_seconds=5) as orchestrator,
        start_agent(orchestrator, tmp_path, max_concurrent_jobs=8) as agent,
    ):
        jobs = [orchestrator.submit(workflows.waiting()) for _ in range(8)]
        eventually(lambda: len(agent.journals()) == len(jobs))
        agent.kill()
        for job in jobs:
            orchestrator.wait_for(job, "pending")
        for job in jobs:
            orchestrator.admin.cancel(job)
        agent.start()
        lost = agent.state_dir / "journal" / "lost"
        eventually(lambda: len(list(lost.glob("*.sent"))) == len(jobs), what="the side logs")
        assert agent.stop() == 0
        check_log(agent.program)
