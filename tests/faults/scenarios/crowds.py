"""More of everything than on any usual day."""

from __future__ import annotations

import time
from typing import Any

from tests.faults.needs import linux
from tests.faults.scenario import scenario
from tests.faults.swarm import crowds
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator

Json = dict[str, Any]
_LEASE_SECONDS = 60.0


def _orchestrator(trial: Trial, lease_seconds: float = _LEASE_SECONDS) -> Orchestrator:
    return trial.orchestrator(lease_seconds=lease_seconds, start_deadline_seconds=30)


def _report(trial: Trial, seen: Json) -> None:
    trial.strike()
    trial.notes |= seen


@scenario(
    "F40",
    figure="ms to accept a job",
    quick={"jobs": 300, "robots": 10},
    long={"jobs": 10_000, "robots": 50},
    needs=(linux,),
    in_pytest={"jobs": 60, "robots": 4},
)
def a_burst_of_jobs(trial: Trial, jobs: int, robots: int) -> None:
    """Ten thousand jobs at once: each that was accepted is done once."""
    seen = crowds.burst(_orchestrator(trial), jobs=jobs, robots=robots)
    trial.figures += seen.pop("submit_ms")
    _report(trial, seen)


@scenario(
    "F40",
    figure="ms to accept a job",
    quick={"jobs": 100},
    long={"jobs": 10_000},
    needs=(linux,),
)
def a_burst_for_one_robot(trial: Trial, jobs: int) -> None:
    """The same burst, and one robot to do it all."""
    seen = crowds.burst(_orchestrator(trial), jobs=jobs, robots=1)
    trial.figures += seen.pop("submit_ms")
    _report(trial, seen)


@scenario(
    "F41",
    figure="ms to renew",
    quick={"robots": 50, "seconds": 3.0, "lease": 6.0},
    long={"robots": 1000, "seconds": 90.0, "lease": 60.0},
    needs=(linux,),
)
def an_idle_fleet(trial: Trial, robots: int, seconds: float, lease: float) -> None:
    """A thousand robots that wait for work: every renewal in time."""
    orchestrator = _orchestrator(trial, lease)
    seen = crowds.idle_fleet(orchestrator, robots=robots, seconds=seconds, lease=lease)
    trial.figures += seen.pop("renewal_ms")
    _report(trial, seen)


@scenario(
    "F41",
    figure="ms to renew",
    quick={"robots": 50, "seconds": 4.0, "work": 2.0, "lease": 6.0},
    long={"robots": 1000, "seconds": 90.0, "work": 15.0, "lease": 60.0},
    needs=(linux,),
)
def a_busy_fleet(trial: Trial, robots: int, seconds: float, work: float, lease: float) -> None:
    """A thousand robots at work: every renewal in time, no job done twice."""
    seen = crowds.busy_fleet(
        _orchestrator(trial, lease), robots=robots, seconds=seconds, lease=lease, work=work
    )
    trial.figures += seen.pop("renewal_ms")
    _report(trial, seen)


@scenario(
    "F42",
    figure="seconds from the server's start to a renewal of every robot",
    quick={"robots": 50, "away": 1.0, "lease": 6.0},
    long={"robots": 1000, "away": 15.0, "lease": 60.0},
    needs=(linux,),
)
def a_fleet_comes_back(trial: Trial, robots: int, away: float, lease: float) -> None:
    """The server is killed, and all robots come back to it at once."""
    seen = crowds.comeback(_orchestrator(trial, lease), robots=robots, away=away, lease=lease)
    trial.figures.append(seen["steady_seconds"])
    _report(trial, seen)


@scenario(
    "F44",
    figure="seconds from the job's end to a watcher's last message",
    quick={"watchers": 50, "rate": 200, "seconds": 2.0},
    long={"watchers": 1000, "rate": 1000, "seconds": 10.0},
    needs=(linux,),
    in_pytest={"watchers": 20, "rate": 50, "seconds": 1.0},
)
def a_large_audience(trial: Trial, watchers: int, rate: int, seconds: float) -> None:
    """A thousand watchers of one busy job, one of whom never reads: the others get all of it."""
    orchestrator = _orchestrator(trial)
    began = time.monotonic()
    seen = crowds.audience(
        orchestrator, watchers=watchers, events_per_second=rate, seconds=seconds, deaf=1
    )
    seen["seconds_in_all"] = round(time.monotonic() - began, 1)
    trial.figures += seen.pop("lags")
    _report(trial, seen)
