"""kill -9 of the agent, at any instant."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

from tests.agent import workflows
from tests.agent.checks import wait_until_gone
from tests.faults.invariants import check_all, check_log, kill_with_tree, lines
from tests.faults.load import Load, Watcher, transcripts_of, watching
from tests.support.fleet import eventually, start_agent, start_orchestrator

KILLS = 5


def test_agents_killed_at_any_instant_finish_every_job_once(
    tmp_path: Path, chance: random.Random
) -> None:
    with (
        start_orchestrator(tmp_path, max_crashes=100, lost_backoff_max_seconds=0.3) as orchestrator,
        watching(orchestrator) as watchers,
        ExitStack() as stack,
    ):
        load = Load(orchestrator, tmp_path)
        load.prepare()
        agents = []
        for number in range(KILLS):
            name = f"robot-{number}"
            starting = start_agent(
                orchestrator, tmp_path, robot_id=name, max_concurrent_jobs=3, wait=False
            )
            agents.append(stack.enter_context(starting))
            watchers += [Watcher(orchestrator, job) for job in load.submit_mix(3, chance)]
            # While it starts, claims, works, delivers, or has nothing to do.
            time.sleep(chance.uniform(0, 2))
            kill_with_tree(agents[-1])
        for agent in agents:
            agent.start()
        load.wait_until_over(60)
        transcripts = transcripts_of(watchers)
        check_all(
            orchestrator,
            acknowledged=load.acknowledged,
            transcripts=transcripts,
            agents=agents,
        )
        assert load.statuses() == {"completed": 3 * KILLS}
        assert [agent.stop() for agent in agents] == [0] * KILLS
        _check_ledger(load)
        wait_until_gone(str(tmp_path))


def _check_ledger(load: Load) -> None:
    """Every result was printed by a run that the ledger knows, and no run gave two."""
    printed = load.printed()
    assert len(printed) == len(set(printed)) == KILLS
    assert set(printed) <= set(lines(load.ledger))


def test_every_attempt_that_was_taken_away_meanwhile_is_told_by_one_thread(tmp_path: Path) -> None:
    """Leftovers go to the side log while a start looks for what earlier ones left there."""
    with (
        start_orchestrator(tmp_path, max_crashes=100) as orchestrator,
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
