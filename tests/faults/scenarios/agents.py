"""The agent is killed."""

from __future__ import annotations

import time

from tests.faults.invariants import kill_with_tree, lines
from tests.faults.load import Load
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent, Orchestrator, wait_until_online


@scenario(
    "F1",
    figure="kill to the job's end, s",
    quick={"kills": 5},
    long={"kills": 200},
    in_pytest={"kills": 1},
)
def agents_killed_at_any_instant(trial: Trial, kills: int) -> None:
    """Killed while it starts, claims, works, delivers or rests, the agent comes back."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.3)
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator, max_concurrent_jobs=3, wait=False)
    for _ in range(kills):
        trial.watch(orchestrator, *load.submit_mix(3, trial.chance))
        time.sleep(trial.chance.uniform(0, 2))
        held = [job for job in load.acknowledged.values() if _is_held(orchestrator, job)]
        kill_with_tree(agent)
        trial.strike()
        agent.start()
        if held:
            trial.until(lambda: _all_over(orchestrator, held), 60, "the end of the killed jobs")  # noqa: B023
    load.wait_until_over(60)
    wait_until_online(agent)
    assert set(load.statuses()) == {"completed"}
    _check_ledger(trial, load, kills)


def _is_held(orchestrator: Orchestrator, job_id: str) -> bool:
    return orchestrator.job(job_id)["status"] in ("claimed", "running")


def _all_over(orchestrator: Orchestrator, jobs: list[str]) -> bool:
    return all(orchestrator.job(job)["status"] == "completed" for job in jobs)


def _check_ledger(trial: Trial, load: Load, kills: int) -> None:
    """Every result was printed by a run that the ledger knows, and no run gave two."""
    printed, begun = load.printed(), lines(load.ledger)
    assert len(printed) == len(set(printed)) == kills
    assert set(printed) <= set(begun)
    trial.notes["executions per command job"] = round(len(begun) / len(printed), 3)


@scenario("F1", "F3", figure="start to all jobs' end, s", quick={"kills": 5}, long={"kills": 20})
def agents_killed_each_in_its_own_place(trial: Trial, kills: int) -> None:
    """Several agents of one fleet are killed one after the other, and come back together."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.3)
    load = trial.load(orchestrator)
    agents: list[Agent] = []
    for number in range(kills):
        agents.append(
            trial.agent(orchestrator, f"robot-{number}", max_concurrent_jobs=3, wait=False)
        )
        trial.watch(orchestrator, *load.submit_mix(3, trial.chance))
        time.sleep(trial.chance.uniform(0, 2))
        kill_with_tree(agents[-1])
        trial.strike()
    with trial.timed():
        for agent in agents:
            agent.start()
        load.wait_until_over(60)
    assert load.statuses() == {"completed": 3 * kills}
    _check_ledger(trial, load, kills)
