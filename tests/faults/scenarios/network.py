"""The line between robots, watchers and the orchestrator."""

from __future__ import annotations

import time

from tests.faults.load import Load
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually
from tests.support.line import Line, line_to


def _all_ended_in_their_first_attempt(orchestrator: Orchestrator, load: Load) -> None:
    jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
    found = [(job["status"], job["attempt"]) for job in jobs]
    assert set(found) == {("completed", 1)}, f"status and attempt: {found}"


def _trouble(line: Line, kind: str, seconds: float) -> None:
    match kind:
        case "hold":
            line.hold()
            time.sleep(seconds)
            line.mend()
        case "reset":
            line.reset()
        case "half-close":
            line.half_close()
        case "abandon":
            line.abandon()


@scenario(
    "F27",
    figure="cut to the jobs' end, s",
    quick={"cuts": 4, "seconds": 2.0},
    long={"cuts": 24, "seconds": 20.0},
    in_pytest={"cuts": 1, "seconds": 1.0},
)
def line_cut_for_less_than_a_lease(trial: Trial, cuts: int, seconds: float) -> None:
    """Held, reset and half-closed while robots claim, work and deliver: no attempt is lost."""
    patience = 3 * seconds + 20
    # A grant that the line holds back must not be taken back meanwhile, either.
    orchestrator = trial.orchestrator(lease_seconds=patience, start_deadline_seconds=patience)
    line = trial.using(line_to(orchestrator.url))
    trial.agent(
        orchestrator, orchestrator_url=line.url, max_concurrent_jobs=3, request_timeout_seconds=5
    )
    load = trial.load(orchestrator)
    for number in range(cuts):
        jobs = load.submit_mix(3, trial.chance)
        trial.watch(orchestrator, *jobs, url=line.url)
        time.sleep(trial.chance.uniform(0, 1.0))
        trial.strike()
        with trial.timed():
            _trouble(line, ("hold", "reset", "half-close")[number % 3], seconds)
            load.wait_until_over(120)
    _all_ended_in_their_first_attempt(orchestrator, load)


@scenario("F27", figure="mended to the jobs' end, s", quick={"cuts": 1}, long={"cuts": 20})
def line_cut_for_longer_than_a_lease(trial: Trial, cuts: int) -> None:
    """The robot ends its jobs by itself, others may do them, and each ends once."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.3)
    line = trial.using(line_to(orchestrator.url))
    trial.agent(
        orchestrator, orchestrator_url=line.url, max_concurrent_jobs=3, request_timeout_seconds=5
    )
    load = trial.load(orchestrator)
    for _ in range(cuts):
        jobs = load.submit_mix(6, trial.chance)
        trial.watch(orchestrator, *jobs, url=line.url)
        time.sleep(trial.chance.uniform(0, 1.0))
        line.hold()
        trial.strike()
        time.sleep(trial.chance.uniform(3, 5))
        with trial.timed():
            line.mend()
            load.wait_until_over(120)


@scenario("F28", figure="restart to the jobs' end, s", quick={"rounds": 1}, long={"rounds": 10})
def half_open_connections_after_a_restart(trial: Trial, rounds: int) -> None:
    """The old connections stay silent for ever: robots and watchers notice by themselves."""
    orchestrator = trial.orchestrator(lease_seconds=60)
    line = trial.using(line_to(orchestrator.url))
    trial.agent(orchestrator, orchestrator_url=line.url, request_timeout_seconds=5)
    load = trial.load(orchestrator, wait_seconds=1)
    for _ in range(rounds):
        jobs = load.submit_mix(3, trial.chance)
        time.sleep(trial.chance.uniform(0, 1.0))
        line.abandon()
        orchestrator.kill()
        trial.strike()
        with trial.timed():
            orchestrator.start()
            load.wait_until_over(120)
        trial.watch(orchestrator, *jobs)
    _all_ended_in_their_first_attempt(orchestrator, load)


@scenario(
    "F29",
    figure="submit to all jobs' end, s",
    quick={"passes": 100, "bytes_per_second": 30_000, "latency_seconds": 0.2, "slice_bytes": 7},
    long={"passes": 400, "bytes_per_second": 2000, "latency_seconds": 3.0, "slice_bytes": 1},
)
def slow_thin_slicing_line(
    trial: Trial, passes: int, bytes_per_second: int, latency_seconds: float, slice_bytes: int
) -> None:
    """Renewals come through beside a history that is larger than the line: no attempt is lost."""
    orchestrator = trial.orchestrator(lease_seconds=60, start_deadline_seconds=60)
    line = trial.using(line_to(orchestrator.url))
    agent = trial.agent(orchestrator, orchestrator_url=line.url, max_concurrent_jobs=2)
    load = trial.load(orchestrator, passes=passes)
    line.bytes_per_second, line.slice_bytes = bytes_per_second, slice_bytes
    line.latency_seconds = latency_seconds
    trial.strike()
    with trial.timed():
        load.submit("loop")
        load.submit("command")
        load.wait_until_over(600)
        eventually(lambda: not agent.journals(), 60, "the acknowledgement of everything")
    line.bytes_per_second = line.latency_seconds = 0
    _all_ended_in_their_first_attempt(orchestrator, load)
