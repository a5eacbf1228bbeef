"""The agent is asked to stop."""

from __future__ import annotations

import signal
import threading
import time

from tests.faults.invariants import lines
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import wait_until_online


@scenario(
    "F31",
    figure="SIGTERM to the end, s",
    quick={"stops": 5},
    long={"stops": 60},
    in_pytest={"stops": 1},
)
def agent_stopped_at_any_instant(trial: Trial, stops: int) -> None:
    """SIGTERM while it rests, claims, works and delivers: nothing is left, nothing is repeated."""
    orchestrator = trial.orchestrator(lease_seconds=20)  # none runs out: each run is counted
    agent = trial.agent(orchestrator, max_concurrent_jobs=2)
    load = trial.load(orchestrator, wait_seconds=0.2)
    for _ in range(stops):
        submitting = threading.Thread(target=load.submit_mix, args=(3, trial.chance))
        submitting.start()
        time.sleep(trial.chance.choice([trial.chance.uniform(0, most) for most in (0.15, 1.2)]))
        with trial.timed():
            agent.program.signal(signal.SIGTERM)
            assert agent.program.wait() == 0, agent.program.tail()
        trial.strike()
        assert (agent.journals(), agent.job_folders()) == ([], [])
        submitting.join()
        agent.start()
        wait_until_online(agent)
    load.wait_until_over(60)
    assert load.statuses() == {"completed": 3 * stops}
    assert sorted(lines(load.ledger)) == sorted(load.printed())
    crashes = [orchestrator.job(job)["retry_count"] for job in load.acknowledged.values()]
    assert crashes == [0] * len(crashes)
