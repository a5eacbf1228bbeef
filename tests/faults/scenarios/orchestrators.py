"""The orchestrator is killed."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Iterator

from tests.faults.invariants import lines
from tests.faults.load import Load
from tests.faults.scenario import SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, Program, eventually

_SENDERS = 8


@scenario(
    "F14",
    figure="kill to listening, s",
    quick={"kills": 5, "jobs": 18},
    long={"kills": 60, "jobs": 240},
)
def orchestrator_killed_again_and_again_under_load(trial: Trial, kills: int, jobs: int) -> None:
    """It keeps all that it acknowledged; the agents live, and no job is done twice."""
    orchestrator = trial.orchestrator(lease_seconds=5)
    for name in ("first", "second"):
        trial.agent(orchestrator, name, max_concurrent_jobs=2)
    load = trial.load(orchestrator)
    own = random.Random(trial.chance.random())
    feed = threading.Thread(target=_feed, args=(trial, load, jobs, own))
    began = time.monotonic()
    feed.start()
    for _ in range(kills):
        _kill_and_restart(trial, orchestrator)
    feed.join()
    assert len(load.acknowledged) == jobs
    load.wait_until_over(120)
    trial.notes["jobs per minute"] = round(60 * jobs / (time.monotonic() - began), 1)
    assert load.statuses() == {"completed": jobs}
    # The agents lived, and no lease ran out: nothing was done a second time.
    assert sorted(lines(load.ledger)) == sorted(load.printed())


def _feed(trial: Trial, load: Load, jobs: int, chance: random.Random) -> None:
    for number in range(jobs):
        job_id = load.submit(("loop", "wait", "command")[number % 3])
        trial.watch(load.orchestrator, job_id)
        time.sleep(chance.uniform(0, 0.4))


def _kill_and_restart(trial: Trial, orchestrator: Orchestrator) -> None:
    time.sleep(trial.chance.uniform(0, 1))
    orchestrator.kill()
    trial.strike()
    time.sleep(trial.chance.choice([0, trial.chance.uniform(0, 0.5)]))
    with trial.timed():
        orchestrator.start()


@scenario(
    "F11",
    figure="submit, ms",
    quick={"jobs": 300, "kills": 3},
    long={"jobs": 10_000, "kills": 50},
    in_pytest={"jobs": 60, "kills": 1},
)
def orchestrator_killed_in_a_burst_of_submits(trial: Trial, jobs: int, kills: int) -> None:
    """Whatever was acknowledged is there, once."""
    orchestrator = trial.orchestrator(rate_limits=False)
    load = trial.load(orchestrator, ends=False)
    left = iter(range(jobs))
    senders = [threading.Thread(target=_send, args=(trial, load, left)) for _ in range(_SENDERS)]
    for sender in senders:
        sender.start()
    for number in range(1, kills + 1):
        # Evenly over the burst, each at a random instant of its part of it.
        part = (number - trial.chance.random()) * jobs / (kills + 1)
        eventually(lambda: len(load.acknowledged) >= part, 300, "the next kill")  # noqa: B023
        orchestrator.kill()
        trial.strike()
        orchestrator.start()
    for sender in senders:
        sender.join()
    assert len(load.acknowledged) == jobs
    trial.notes["acknowledged and lost"] = 0


def _send(trial: Trial, load: Load, left: Iterator[int]) -> None:
    for _ in left:
        with trial.timed(1000):
            load.submit("wait")


@scenario(
    "F13",
    figure="back to all delivered, s",
    quick={"agents": 2, "down_seconds": 4.0},
    long={"agents": 20, "down_seconds": 300.0},
)
def orchestrator_down_while_the_fleet_is_busy(
    trial: Trial, agents: int, down_seconds: float
) -> None:
    """Work goes on without it, the journals drain when it is back, and nothing is done again."""
    orchestrator = trial.orchestrator(lease_seconds=2 * down_seconds + 20)
    fleet = [trial.agent(orchestrator, f"robot-{n}", max_concurrent_jobs=2) for n in range(agents)]
    load = trial.load(orchestrator, wait_seconds=down_seconds / 2, passes=2000)
    load.submit_mix(2 * agents, trial.chance)
    # Short jobs may have ended before the last one is claimed; the long ones hold their robots.
    eventually(lambda: "pending" not in load.statuses(), 180, "the claim of every job")
    assert any(agent.journals() for agent in fleet)
    orchestrator.kill()
    trial.strike()
    time.sleep(down_seconds)
    waiting = sum(path.stat().st_size for agent in fleet for path in agent.journals())
    trial.notes["journals when it came back, bytes"] = waiting
    with trial.timed():
        orchestrator.start()
        load.wait_until_over(120)
        eventually(lambda: not any(agent.journals() for agent in fleet), 60, "empty journals")
    found = [orchestrator.job(job) for job in load.acknowledged.values()]
    ends = [(job["status"], job["attempt"]) for job in found]
    assert set(ends) == {("completed", 1)}, f"status and attempt: {ends}"
    assert sorted(lines(load.ledger)) == sorted(load.printed())


@scenario("F15", figure="start to refusal, ms", databases=(SQLITE,), quick={"starts": 1})
def second_orchestrator_on_one_file(trial: Trial, starts: int) -> None:
    """It ends by itself with one clear line, and the first one does not notice."""
    orchestrator = trial.orchestrator()
    load = trial.load(orchestrator)
    first = orchestrator.program
    environment = {**first.environment, "CASARE_PORT": "0"}
    start = [sys.executable, "-m", "casare_cli", "orchestrator", "start"]
    second = Program("second", start, environment, trial.folder / "second.log")
    for _ in range(starts):
        with trial.timed(1000):
            second.start()
            code = second.wait(60)
        trial.strike()
        assert code == 3, f"exit code {code}"
        assert second.says("another orchestrator is using"), second.tail()
        load.submit("wait")
    trial.agent(orchestrator)
