"""kill -9 of the agent at instants that matter to its journal: what it knew outlives it."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from agent.uplink.lost import DAMAGED
from tests.agent import workflows
from tests.agent.checks import types
from tests.faults.invariants import kill_with_tree
from tests.faults.known import Attempt, Known
from tests.faults.load import Load
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent, Orchestrator, eventually

Json = dict[str, Any]
#: Longer than any pause of the machine that runs the scenarios.
_PATIENCE_SECONDS = 90.0
_OUTCOME_SECONDS = 5.0
#: Jobs of a round, fewer than slots: one that was claimed for a dead agent keeps its lease a while.
_JOBS = 3


@dataclass(frozen=True, kw_only=True)
class Killed:
    """What was known, and how often each job had begun, when the agent was killed."""

    known: Known
    begun: Counter[str]


@scenario(
    "F1", "F3", "F4", figure="start to the last report, s", quick={"kills": 4}, long={"kills": 200}
)
def outcomes_known_at_a_kill(trial: Trial, kills: int) -> None:
    """What a journal knew when its agent was killed is delivered, and not run again."""
    orchestrator = trial.orchestrator(
        max_crashes=10_000, lease_seconds=60, lost_backoff_max_seconds=0.2, start_deadline_seconds=3
    )
    load = trial.load(orchestrator)
    load.add("noted", _noted(load.ledger))
    agent = trial.agent(orchestrator, max_concurrent_jobs=2 * _JOBS)
    killed: list[Killed] = []
    for number in range(kills):
        # The first instant is the one that this is about, the others follow in turn.
        _INSTANTS[number % len(_INSTANTS)](orchestrator, agent, load, trial.chance)
        trial.strike()
        killed.append(Killed(known=Known.of(agent), begun=_begun(load)))
        left = agent.journals()
        with trial.timed():
            agent.start()
            gone = partial(_are_gone, left)
            eventually(gone, _PATIENCE_SECONDS, "the report of what was left")
        _check_reported(orchestrator, killed[-1].known.attempts)
    load.wait_until_over(_PATIENCE_SECONDS)
    _check(load, killed)
    assert not list((agent.state_dir / "journal" / "lost").glob(f"*{DAMAGED}"))
    trial.notes |= _notes(load, killed)


# the instants


def _nobody_listens(
    orchestrator: Orchestrator, agent: Agent, load: Load, chance: random.Random
) -> None:
    """The orchestrator is silent from within a job on, so that outcomes stay with the agent."""
    _submit_jobs(load, chance)
    _until_one_begins(load)
    orchestrator.program.signal(signal.SIGSTOP)
    try:
        _wait_for_an_outcome(agent)
        time.sleep(chance.uniform(0, 0.4))
        kill_with_tree(agent)
    finally:
        orchestrator.program.signal(signal.SIGCONT)


def _in_mid_job(
    orchestrator: Orchestrator, agent: Agent, load: Load, chance: random.Random
) -> None:
    """Jobs run, end and are delivered meanwhile."""
    _submit_jobs(load, chance)
    _until_one_begins(load)
    time.sleep(chance.uniform(0, 0.5))
    kill_with_tree(agent)


def _any_time(orchestrator: Orchestrator, agent: Agent, load: Load, chance: random.Random) -> None:
    """At its start, while it claims, or when it has nothing to do."""
    if chance.random() < 0.7:
        _submit_jobs(load, chance)
    time.sleep(chance.uniform(0, 1.2))
    kill_with_tree(agent)


def _while_it_reports(
    orchestrator: Orchestrator, agent: Agent, load: Load, chance: random.Random
) -> None:
    """Once more, while its next start looks through what this one left."""
    _nobody_listens(orchestrator, agent, load, chance)
    said = agent.announcements()
    agent.start()
    eventually(lambda: agent.announcements() > said, _PATIENCE_SECONDS, "the agent's start")
    time.sleep(chance.uniform(0, 0.1))
    kill_with_tree(agent)


_INSTANTS = (_nobody_listens, _in_mid_job, _while_it_reports, _any_time)


def _submit_jobs(load: Load, chance: random.Random) -> None:
    for _ in range(_JOBS):
        pause = f"{chance.randrange(400):03}"
        load.submit("noted", variables={"name": f"job{len(load.acknowledged)}", "pause": pause})


def _until_one_begins(load: Load) -> None:
    before = _begun(load).total()
    eventually(lambda: _begun(load).total() > before, _PATIENCE_SECONDS, "the begin of a job")


def _wait_for_an_outcome(agent: Agent) -> None:
    """Not for ever: all that had begun may have been delivered just before."""
    until = time.monotonic() + _OUTCOME_SECONDS
    while not Known.of(agent).completed and time.monotonic() < until:
        time.sleep(0.02)


def _are_gone(journals: list[Path]) -> bool:
    return not any(path.exists() for path in journals)


def _check_reported(orchestrator: Orchestrator, attempts: list[Attempt]) -> None:
    """The orchestrator has heard how each of *attempts* ended."""
    for job_id, attempt in attempts:
        job = orchestrator.job(job_id)
        over = job["status"] not in ("claimed", "running") or job["attempt"] > attempt
        assert over, f"{job_id}/{attempt} was not reported, and its journal is gone"


# the ledger


def _noted(ledger: Path) -> Json:
    """Notes its begin, waits a little, notes its end and prints what it noted."""
    note = f"run=$$.$(date +%s%N); echo 'begin {{{{name}}}} '$run >> '{ledger}'; "
    rest = f"sleep 0.{{{{pause}}}}; echo 'end {{{{name}}}} '$run >> '{ledger}'; echo $run"
    return workflows.shell(note + rest)


def _noted_lines(load: Load) -> list[list[str]]:
    if not load.ledger.exists():
        return []
    return [line.split() for line in load.ledger.read_text(encoding="utf-8").splitlines()]


def _begun(load: Load) -> Counter[str]:
    """How often each job has begun, by its name."""
    return Counter(name for kind, name, _ in _noted_lines(load) if kind == "begin")


# what must be true


def _check(load: Load, killed: list[Killed]) -> None:
    assert set(load.statuses()) == {"completed"}
    jobs = {job: load.orchestrator.job(job) for job in load.acknowledged.values()}
    begun = _begun(load)
    for each in killed:
        _check_known(each, jobs, begun)
    _check_runs(load, jobs, begun)
    assert any(each.known.completed for each in killed), "no kill met an outcome"


def _check_known(killed: Killed, jobs: dict[str, Json], begun: Counter[str]) -> None:
    for (job_id, attempt), finish in killed.known.completed.items():
        name = _name(jobs[job_id])
        assert jobs[job_id]["attempt"] == attempt, f"{name}/{attempt} was handed out again"
        assert jobs[job_id]["result"] == finish["result"], f"{name}/{attempt}: other result"
        assert begun[name] == killed.begun[name], f"{name} was run again, its outcome was known"
    for job_id, attempt in killed.known.interrupted:
        assert jobs[job_id]["attempt"] >= attempt, f"{job_id}/{attempt} was never handed out"


def _check_runs(load: Load, jobs: dict[str, Json], begun: Counter[str]) -> None:
    """Each result was printed by a run that came to its end; no attempt ran or ended twice."""
    ended = {(name, run) for kind, name, run in _noted_lines(load) if kind == "end"}
    for job_id, job in jobs.items():
        name = _name(job)
        printed = str(job["result"]["outputs"]["command"]["stdout"]).strip()
        assert (name, printed) in ended, f"{name}: a result that no run printed: {printed}"
        assert begun[name] <= job["attempt"], f"{name} ran more often than it was handed out"
        told = Counter(types(load.orchestrator.history(job_id)))
        assert told["job.completed"] == 1, f"{name} completed {told['job.completed']} times"
        lost = told["job.requeued"]
        assert lost == job["attempt"] - 1, f"{name}: {lost} losses in {job['attempt']} attempts"


def _name(job: Json) -> str:
    return str(job["result"]["variables"]["name"])


def _notes(load: Load, killed: list[Killed]) -> Json:
    attempts = [load.orchestrator.job(job)["attempt"] for job in load.acknowledged.values()]
    return {
        "outcomes known at a kill": sum(len(each.known.completed) for each in killed),
        "losses known at a kill": sum(
            len(each.known.ended) - len(each.known.completed) for each in killed
        ),
        "interrupted by a kill": sum(len(each.known.interrupted) for each in killed),
        "attempts per job": round(sum(attempts) / len(attempts), 3),
        "runs per job": round(_begun(load).total() / len(attempts), 3),
    }
