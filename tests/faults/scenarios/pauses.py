"""Programs that stand still for a while: a machine that sleeps, a disk that stalls."""

from __future__ import annotations

import signal
import time
from functools import partial

from tests.agent.checks import types
from tests.faults.invariants import lines
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, Program, eventually

_LEASE_SECONDS = 3.0


def _pause(program: Program, seconds: float) -> None:
    program.signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        program.signal(signal.SIGCONT)


@scenario("F6", figure="pause, s", quick={"pauses": 3}, long={"pauses": 30})
def agent_paused_for_less_than_its_lease(trial: Trial, pauses: int) -> None:
    """Pauses shorter than the lease cost no attempt."""
    orchestrator = trial.orchestrator(lease_seconds=_LEASE_SECONDS)
    agent = trial.agent(orchestrator, max_concurrent_jobs=2)
    load = trial.load(orchestrator, wait_seconds=2)
    for _ in range(pauses):
        trial.watch(orchestrator, *load.submit_mix(2, trial.chance))
        time.sleep(trial.chance.uniform(0, 0.5))
        with trial.timed():
            # A third of the lease may have passed since the last renewal.
            _pause(agent.program, trial.chance.uniform(0.1, _LEASE_SECONDS / 3))
        trial.strike()
    load.wait_until_over(60)
    jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
    found = [(job["status"], job["attempt"]) for job in jobs]
    assert set(found) == {("completed", 1)}, f"status and attempt: {found}"


@scenario(
    "F7",
    figure="pause, s",
    quick={"pauses": 3},
    long={"pauses": 30},
    in_pytest={"pauses": 1},
)
def agents_paused_for_longer_than_their_lease(trial: Trial, pauses: int) -> None:
    """Longer pauses have the job done again, and it ends once all the same."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.3)
    agents = [trial.agent(orchestrator, name, max_concurrent_jobs=2) for name in ("one", "two")]
    load = trial.load(orchestrator, wait_seconds=1)
    for number in range(pauses):
        trial.watch(orchestrator, *load.submit_mix(6, trial.chance))
        time.sleep(trial.chance.uniform(0, 0.7))
        with trial.timed():
            _pause(agents[number % 2].program, trial.chance.uniform(2, 4))
        trial.strike()
    load.wait_until_over(60)
    assert load.statuses() == {"completed": 6 * pauses}
    assert set(load.printed()) <= set(lines(load.ledger))


@scenario("F39", figure="pause, s", quick={"pauses": 1}, long={"pauses": 20})
def orchestrator_paused_for_longer_than_a_lease(trial: Trial, pauses: int) -> None:
    """No robot could renew meanwhile: what ended in the pause is not done again."""
    orchestrator = trial.orchestrator(lease_seconds=_LEASE_SECONDS)
    trial.agent(orchestrator, max_concurrent_jobs=3)
    load = trial.load(orchestrator, wait_seconds=0.6)
    for _ in range(pauses):
        jobs = [load.submit("wait") for _ in range(3)]
        trial.watch(orchestrator, *jobs)
        # Their processes run already: the rest of the lease is enough for what they have to do.
        for job_id in jobs:
            eventually(partial(_has_begun, orchestrator, job_id), what="the job's first node")
        with trial.timed():
            _pause(orchestrator.program, _LEASE_SECONDS * trial.chance.uniform(1.2, 2))
        trial.strike()
        load.wait_until_over(60)
    ended = [orchestrator.job(job) for job in load.acknowledged.values()]
    found = [(job["status"], job["attempt"]) for job in ended]
    assert set(found) == {("completed", 1)}, f"status and attempt: {found}"


def _has_begun(orchestrator: Orchestrator, job_id: str) -> bool:
    return "node.started" in types(orchestrator.history(job_id))
