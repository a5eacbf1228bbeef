"""Programs that fail exactly where it hurts most: see docs/guide/fault-points.md."""

from __future__ import annotations

import signal
import threading

from casare_rpa.faults import VARIABLE
from tests.faults.invariants import lines
from tests.faults.load import Load
from tests.faults.scenario import POSTGRESQL, SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Agent, Orchestrator, eventually, wait_until_online

_BOTH = (SQLITE, POSTGRESQL)
_AGENT_POINTS = (
    "claim.granted", "grant.append", "grant.appended", "process.append", "process.appended",
    "events.append", "events.appended", "renew.send", "renew.sent",
    "append_events.send", "append_events.sent",
    "outcome.append", "outcome.appended", "finish.send", "finish.sent", "journal.remove",
)  # fmt: skip
#: Here the outcome is in the journal, and nothing may be done a second time.
_OUTCOME_KNOWN = frozenset({"outcome.appended", "finish.send", "finish.sent", "journal.remove"})
_ORCHESTRATOR_POINTS = tuple(
    f"{operation}.{step}"
    for operation in ("submit", "claim", "renew", "append_events", "finish")
    for step in ("commit", "committed", "answer")
    if (operation, step) != ("renew", "answer")
)
_DEATH_SECONDS = 60.0


@scenario(
    "F1",
    "F3",
    "F4",
    figure="death to the job's end, s",
    quick={"points": 4},
    long={"points": 16},
    in_pytest={"points": 1},
)
def agent_killed_at_a_point(trial: Trial, points: int) -> None:
    """The agent is killed at each point of a job's life; a known outcome is never earned twice."""
    # Longer than any restart: whoever is killed is back before its lease has run out.
    orchestrator = trial.orchestrator(
        lease_seconds=30, start_deadline_seconds=4, lost_backoff_max_seconds=0.3
    )
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator)
    for point in _some(trial, _AGENT_POINTS, points):
        _stop_quietly(agent)
        job_id = load.submit("command")
        trial.watch(orchestrator, job_id)
        before = len(lines(load.ledger))
        _start_with_fault(agent, f"{point}:kill")
        assert agent.program.wait(_DEATH_SECONDS) == -signal.SIGKILL, f"{point}: not reached"
        trial.strike()
        with trial.timed():
            agent.start()
            job = orchestrator.wait_for(job_id)
        wait_until_online(agent)  # or its next SIGTERM meets a Python that is still starting
        runs = len(lines(load.ledger)) - before
        assert job["status"] == "completed", f"{point}: {job['status']}"
        if point in _OUTCOME_KNOWN:
            assert (job["attempt"], runs) == (1, 1), (
                f"{point}: attempt, runs: {job['attempt']}, {runs}"
            )
        assert runs == 1 or job["attempt"] > 1, f"{point}: {runs} runs by {job['attempt']} attempts"


def _some(trial: Trial, points: tuple[str, ...], count: int) -> list[str]:
    chosen = trial.chance.sample(points, min(count, len(points)))
    trial.notes["points"] = chosen
    return chosen


def _stop_quietly(agent: Agent) -> None:
    assert agent.stop() == 0, agent.program.tail()


def _start_with_fault(agent: Agent, fault: str) -> None:
    """Start it with *fault*, and without one from then on."""
    agent.program.environment[VARIABLE] = fault
    agent.start()
    del agent.program.environment[VARIABLE]


@scenario(
    "F9", "F10", "F12",
    figure="death to the jobs' end, s",
    quick={"points": 4},
    long={"points": 14},
    pytest_databases=_BOTH,
    in_pytest={"points": 1},
)  # fmt: skip
def orchestrator_killed_at_a_point(trial: Trial, points: int) -> None:
    """Killed around each COMMIT and before each answer, it loses nothing and nothing is redone."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    trial.agent(orchestrator, max_concurrent_jobs=3)
    load = trial.load(orchestrator)
    for point in _some(trial, _ORCHESTRATOR_POINTS, points):
        _restart_with_fault(orchestrator, f"{point}:kill@{trial.chance.randint(1, 2)}")
        feed = threading.Thread(target=_feed, args=(trial, load))
        feed.start()
        code = orchestrator.program.wait(_DEATH_SECONDS)
        assert code == -signal.SIGKILL, f"{point}: not reached"
        trial.strike()
        with trial.timed():
            orchestrator.start()
            feed.join()
            load.wait_until_over(60)
    found = [orchestrator.job(job) for job in load.acknowledged.values()]
    ends = [(job["status"], job["attempt"]) for job in found]
    assert set(ends) == {("completed", 1)}, f"status and attempt: {ends}"
    assert sorted(lines(load.ledger)) == sorted(load.printed())


def _restart_with_fault(orchestrator: Orchestrator, fault: str) -> None:
    """Start it again with *fault*, and without one from then on."""
    assert orchestrator.program.stop() == 0, orchestrator.program.tail()
    orchestrator.program.environment[VARIABLE] = fault
    orchestrator.program.start()
    del orchestrator.program.environment[VARIABLE]


def _feed(trial: Trial, load: Load) -> None:
    """Three jobs, stubbornly: the orchestrator may die before, between and after them."""
    for kind in ("command", "loop", "command"):
        trial.watch(load.orchestrator, load.submit(kind))


@scenario("F4", "F8", figure="start to the job's end, s", quick={"rounds": 1}, long={"rounds": 10})
def agent_killed_while_the_outcome_is_not_acknowledged(trial: Trial, rounds: int) -> None:
    """The orchestrator has the outcome and has not said so when the agent is killed."""
    orchestrator = trial.orchestrator(
        lease_seconds=30, environment={VARIABLE: "finish.answer:sleep:1.5@*"}
    )
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator)
    for number in range(1, rounds + 1):
        job_id = load.submit("command")
        eventually(
            lambda: orchestrator.program.says(f"at finish.answer, pass {2 * number - 1}"),  # noqa: B023
            _DEATH_SECONDS,
            "the outcome",
        )
        agent.kill()
        trial.strike()
        with trial.timed():
            agent.start()
            eventually(lambda: not agent.journals(), 30, "the second acknowledgement")
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
    assert sorted(lines(load.ledger)) == sorted(load.printed())
