"""Clocks that are wrong, jump or run fast, by libfaketime; and a machine that sleeps."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from pathlib import Path

import psutil

from tests.agent import workflows
from tests.faults.load import Load
from tests.faults.needs import faketime, faketime_library
from tests.faults.scenario import scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually


def _faked(shift: Path) -> dict[str, str]:
    """An environment whose wall clock is off by what the file *shift* says, from moment to moment.

    The steady clocks stay as they are: only people and time servers change the other one.
    """
    return {
        "LD_PRELOAD": str(faketime_library()),
        "FAKETIME_TIMESTAMP_FILE": str(shift),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _first_attempts(orchestrator: Orchestrator, load: Load) -> None:
    jobs = [orchestrator.job(job) for job in load.acknowledged.values()]
    found = [(job["status"], job["attempt"]) for job in jobs]
    assert set(found) == {("completed", 1)}, f"status and attempt: {found}"


@scenario(
    "F37",
    figure="jump to the jobs' end, s",
    needs=(faketime,),
    quick={"jumps": ("+1h", "-1h", "-10y")},
    long={"jumps": ("+1h", "-1h", "+1d", "-1d", "-10y", "+10y", "-1s", "+1s", "+59m", "-59m")},
)
def orchestrators_wall_clock_jumps(trial: Trial, jumps: tuple[str, ...]) -> None:
    """Hours and years, forth and back, while jobs run: no lease ends early, no job is redone."""
    shift = trial.folder / "shift"
    shift.write_text("+0\n", encoding="ascii")
    orchestrator = trial.orchestrator(lease_seconds=20, environment=_faked(shift))
    trial.agent(orchestrator, max_concurrent_jobs=3)
    load = trial.load(orchestrator, wait_seconds=1)
    for jump in jumps:
        jobs = load.submit_mix(3, trial.chance)
        trial.watch(orchestrator, *jobs)
        orchestrator.wait_for(jobs[0], "running", "completed")
        shift.write_text(f"{jump}\n", encoding="ascii")
        trial.strike()
        with trial.timed():
            load.wait_until_over(60)
    _first_attempts(orchestrator, load)


@scenario(
    "F38",
    figure="submit to the jobs' end, s",
    needs=(faketime,),
    quick={"clocks": ("-1d", "+0 x2")},
    long={"clocks": ("-1d", "+1d", "-10y", "+0 x2", "+0 x5", "+0 x0.5")},
)
def agents_wall_clock_is_wrong(trial: Trial, clocks: tuple[str, ...]) -> None:
    """A day off, twice as fast: the orchestrator's clock decides."""
    orchestrator = trial.orchestrator(lease_seconds=20)
    load = trial.load(orchestrator, wait_seconds=1)
    for number, clock in enumerate(clocks):
        environment = {"LD_PRELOAD": str(faketime_library()), "FAKETIME": clock}
        if "x" not in clock:
            environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1"
        agent = trial.agent(
            orchestrator, f"robot-{number}", environment=environment, max_concurrent_jobs=3
        )
        trial.strike()
        with trial.timed():
            trial.watch(orchestrator, *load.submit_mix(3, trial.chance))
            load.wait_until_over(60)
        # Its timed waits are no longer those of this machine: it is not asked to stop in time.
        agent.kill()
    _first_attempts(orchestrator, load)


@scenario("F39", figure="wake-up to the job's end, s", quick={"sleeps": 1}, long={"sleeps": 20})
def whole_machine_sleeps(trial: Trial, sleeps: int) -> None:
    """All processes stand still for longer than a lease: runs of one job never overlap."""
    orchestrator = trial.orchestrator(max_crashes=100, lost_backoff_max_seconds=0.3)
    agents = [trial.agent(orchestrator, name) for name in ("one", "two")]
    load = trial.load(orchestrator)
    ledger = trial.folder / "overlap"
    load.add("spans", _noting_spans(ledger))
    for _ in range(sleeps):
        job_id = load.submit("spans")
        begun = len(_spans(ledger))
        eventually(lambda: len(_spans(ledger)) > begun, 30, "the job's begin")  # noqa: B023
        programs = [orchestrator.program, *(agent.program for agent in agents)]
        tree = [pid for program in programs for pid in _tree(program.pid)]
        _signal(tree, signal.SIGSTOP)
        trial.strike()
        time.sleep(trial.chance.uniform(2.5, 6))
        trial.chance.shuffle(tree)
        with trial.timed():
            _signal(tree, signal.SIGCONT)
            orchestrator.wait_for(job_id)
    trial.notes["runs"] = len(_spans(ledger))
    _check_overlap(_spans(ledger))


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        # The small programs of a job come and go.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _noting_spans(ledger: Path) -> dict[str, object]:
    """A job that says every 20 ms that it runs: its shell and the time, in milliseconds."""
    line = f"echo $$ $(date +%s%3N) >> '{ledger}'"
    return workflows.shell(f"for i in $(seq 60); do {line}; sleep 0.02; done")


def _spans(ledger: Path) -> dict[str, tuple[int, int]]:
    """First and last sign of life of each run."""
    found: dict[str, tuple[int, int]] = {}
    for line in ledger.read_text(encoding="ascii").splitlines() if ledger.exists() else ():
        run, _, text = line.partition(" ")
        first, _ = found.get(run, (int(text), 0))
        found[run] = first, int(text)
    return found


def _check_overlap(spans: dict[str, tuple[int, int]]) -> None:
    ordered = sorted(spans.values())
    for (_, end), (begin, _) in itertools.pairwise(ordered):
        assert end <= begin, f"two runs at once for {end - begin} ms"


def _tree(pid: int) -> list[int]:
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]
