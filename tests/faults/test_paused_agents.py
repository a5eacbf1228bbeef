"""SIGSTOP and SIGCONT of the agent, for less and for more than its lease."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.agent import workflows
from tests.faults.invariants import check_all, check_nothing_left, lines
from tests.faults.load import Load, Watcher, transcripts_of, watching
from tests.support.fleet import Agent, eventually, start_agent, start_orchestrator

LEASE_SECONDS = 3.0


def _pause(agent: Agent, seconds: float) -> None:
    agent.program.signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        agent.program.signal(signal.SIGCONT)


def test_pauses_shorter_than_the_lease_cost_no_attempt(
    tmp_path: Path, chance: random.Random
) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=LEASE_SECONDS) as orchestrator,
        start_agent(orchestrator, tmp_path, max_concurrent_jobs=2) as agent,
        watching(orchestrator) as watchers,
    ):
        load = Load(orchestrator, tmp_path, wait_seconds=2)
        load.prepare()
        watchers += [Watcher(orchestrator, job) for job in load.submit_mix(6, chance)]
        for _ in range(3):
            time.sleep(chance.uniform(0, 0.5))
            # A third of the lease may have passed since the last renewal.
            _pause(agent, chance.uniform(0.1, LEASE_SECONDS / 3))
        load.wait_until_over(60)
        check_all(
            orchestrator,
            acknowledged=load.acknowledged,
            transcripts=transcripts_of(watchers),
            agents=[agent],
        )
        jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
        assert [(job["status"], job["attempt"]) for job in jobs] == [("completed", 1)] * 6


def test_pauses_longer_than_the_lease_redo_jobs_and_finish_them_once(
    tmp_path: Path, chance: random.Random
) -> None:
    with (
        start_orchestrator(tmp_path, max_crashes=100, lost_backoff_max_seconds=0.3) as orchestrator,
        start_agent(orchestrator, tmp_path, robot_id="first", max_concurrent_jobs=2) as first,
        start_agent(orchestrator, tmp_path, robot_id="second", max_concurrent_jobs=2) as second,
        watching(orchestrator) as watchers,
    ):
        load = Load(orchestrator, tmp_path, wait_seconds=1)
        load.prepare()
        for agent in (first, second, first):
            watchers += [Watcher(orchestrator, job) for job in load.submit_mix(6, chance)]
            time.sleep(chance.uniform(0, 0.7))
            _pause(agent, chance.uniform(2, 4))
        load.wait_until_over(60)
        check_all(
            orchestrator,
            acknowledged=load.acknowledged,
            transcripts=transcripts_of(watchers),
            agents=[first, second],
        )
        assert load.statuses() == {"completed": 18}
        assert set(load.printed()) <= set(lines(load.ledger))


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
