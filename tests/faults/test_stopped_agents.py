"""SIGTERM of the agent while it rests, claims, works and delivers."""

from __future__ import annotations

import random
import signal
import threading
import time
from pathlib import Path

from tests.faults.invariants import check_all, lines
from tests.faults.load import Load
from tests.support.fleet import start_agent, start_orchestrator, wait_until_online

STOPS = 5


def test_an_agent_stopped_at_any_instant_leaves_nothing_and_repeats_nothing(
    tmp_path: Path, chance: random.Random
) -> None:
    with (
        start_orchestrator(tmp_path) as orchestrator,
        start_agent(orchestrator, tmp_path, max_concurrent_jobs=2) as agent,
    ):
        load = Load(orchestrator, tmp_path, wait_seconds=0.2)
        load.prepare()
        for _ in range(STOPS):
            submitting = threading.Thread(target=load.submit_mix, args=(3, chance))
            submitting.start()
            time.sleep(chance.choice([chance.uniform(0, 0.15), chance.uniform(0, 1.2)]))
            agent.program.signal(signal.SIGTERM)
            assert agent.program.wait() == 0, agent.program.tail()
            assert (agent.journals(), agent.job_folders()) == ([], [])
            submitting.join()
            agent.start()
            wait_until_online(agent)
        load.wait_until_over(60)
        check_all(orchestrator, acknowledged=load.acknowledged, agents=[agent])
        assert load.statuses() == {"completed": 3 * STOPS}
        assert sorted(lines(load.ledger)) == sorted(load.printed())
        crashes = [orchestrator.job(job)["retry_count"] for job in load.acknowledged.values()]
        assert crashes == [0] * len(crashes)
