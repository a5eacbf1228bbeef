"""SIGSTOP and SIGCONT of the orchestrator: a machine that sleeps, a disk that stalls."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

from tests.faults.invariants import check_all
from tests.faults.load import Load, Watcher, transcripts_of, watching
from tests.support.fleet import start_agent, start_orchestrator

LEASE_SECONDS = 2.0


def test_jobs_that_ended_while_the_orchestrator_was_paused_are_not_done_again(
    tmp_path: Path, chance: random.Random
) -> None:
    """No robot could renew meanwhile, and their results are on the way."""
    with (
        start_orchestrator(tmp_path, lease_seconds=LEASE_SECONDS) as orchestrator,
        start_agent(orchestrator, tmp_path, max_concurrent_jobs=3) as agent,
        watching(orchestrator) as watchers,
    ):
        load = Load(orchestrator, tmp_path, wait_seconds=0.6)
        load.prepare()
        for job_id in [load.submit("wait") for _ in range(3)]:
            watchers.append(Watcher(orchestrator, job_id))
            orchestrator.wait_for(job_id, "running", "completed")
        orchestrator.program.signal(signal.SIGSTOP)
        try:
            time.sleep(LEASE_SECONDS * chance.uniform(1.2, 2))
        finally:
            orchestrator.program.signal(signal.SIGCONT)
        load.wait_until_over(60)
        check_all(
            orchestrator,
            acknowledged=load.acknowledged,
            transcripts=transcripts_of(watchers),
            agents=[agent],
        )
        jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
        assert [(job["status"], job["attempt"]) for job in jobs] == [("completed", 1)] * 3
