"""Clocks that jump, stand still or run fast: a lease is trusted for 0.9 of its time, no longer."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.attempt import Attempt, Grant
from agent.job.life import DEADLINE, LEASE_EXPIRED
from agent.journal.file import Journal
from tests.agent import workflows
from tests.agent.checks import processes_with, sound_history, wait_until_gone
from tests.support.fleet import (
    Agent,
    Orchestrator,
    eventually,
    start_agent,
    start_orchestrator,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The boot clock, as a suspend moves it: at once, while the monotonic clock stands still."""
    now = [1000.0]
    monkeypatch.setattr("agent.attempt.boottime_seconds", lambda: now[0])
    return now


@pytest.fixture
def attempt(tmp_path: Path) -> Attempt:
    grant = Grant(job_id="j", attempt=1, lease_token="t", timeout_seconds=10)
    return Attempt(grant, Journal.create(tmp_path / "j-1.journal", {}, fsync_seconds=1))


def test_a_lease_is_trusted_from_the_sending_of_its_renewal_for_nine_tenths(
    clock: list[float], attempt: Attempt
) -> None:
    clock[0] = 1005.0  # the answer took five seconds
    attempt.renewed(1000.0, 60)
    assert attempt.safe_until == 1054.0
    clock[0] = 1053.9
    assert not attempt.expired
    clock[0] = 1054.0
    assert attempt.expired


def test_a_suspend_counts_as_a_possible_lost_lease(clock: list[float], attempt: Attempt) -> None:
    attempt.renewed(clock[0], 60)
    clock[0] += 3600
    assert attempt.expired


@pytest.mark.skipif(sys.platform == "win32", reason="there is no guard without fork")
def test_a_guard_that_wakes_from_a_suspend_ends_its_job(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks at the boot clock each second, whatever its own timers say."""
    from agent.job import guard

    monkeypatch.setattr(guard, "boottime_seconds", lambda: clock[0])
    reader, writer = Pipe(duplex=False)
    wakeup, _wake = os.pipe()
    os.set_blocking(wakeup, False)
    with subprocess.Popen(["sleep", "60"]) as job:
        writer.send_bytes(DEADLINE.pack(clock[0] + 30))
        began = time.monotonic()
        real = select.select

        def suspended(*given: Any) -> Any:
            """The first wait is where the machine sleeps for an hour."""
            if time.monotonic() - began > 0.5:
                clock[0] += 3600
            return real(*given)

        monkeypatch.setattr("agent.job.guard.select.select", suspended)
        try:
            assert guard._watch(job.pid, reader, wakeup) == LEASE_EXPIRED
        finally:
            job.kill()
    assert time.monotonic() - began < 28  # the lease is over in 30 s of the clock that stands still
    for descriptor in (wakeup, _wake):
        os.close(descriptor)


def _everything_of(agent: Agent) -> list[psutil.Process]:
    process = psutil.Process(agent.pid)
    return [process, *process.children(recursive=True)]


def _signal_all(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _names(process: psutil.Process, text: str) -> bool:
    """Whether *text* is in its command line; one that is gone names nothing."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return text in " ".join(process.cmdline())
    return False


def test_a_machine_that_stood_still_for_longer_than_its_lease_overlaps_with_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The agent, the guard and the job stop and go on together, as in a suspend."""
    with (
        start_orchestrator(tmp_path, lease_seconds=6) as orchestrator,
        start_agent(orchestrator, tmp_path, robot_id="asleep") as first,
    ):
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: workflows.ledger(tmp_path) and processes_with(str(tmp_path / "gate")))
        frozen = _everything_of(first)
        _signal_all(frozen, signal.SIGSTOP)
        try:
            with start_agent(orchestrator, tmp_path, robot_id="awake"):
                eventually(lambda: workflows.ledger(tmp_path) == ["begin", "begin"], 60)
                old = [each for each in frozen if _names(each, str(tmp_path / "gate"))]
                assert old
                began = time.monotonic()
                _signal_all(frozen, signal.SIGCONT)
                _, alive = psutil.wait_procs(old, timeout=60)
                took_ms = round((time.monotonic() - began) * 1000)
                assert not alive
                with capsys.disabled():
                    sys.stdout.write(f"\nfrom waking up to a dead tree: {took_ms} ms\n")
                (tmp_path / "gate").touch()
                job = orchestrator.wait_for(job_id)
                assert (job["status"], job["robot_id"]) == ("completed", "awake")
        finally:
            _signal_all(frozen, signal.SIGCONT)
        assert workflows.ledger(tmp_path) == ["begin", "begin", "end"]
        sound_history(orchestrator, job_id)


#: Loaded by every Python of the agent before anything else: its wall clock is wrong from then on.
#: (libfaketime knows no boot clock.)
_WRONG_CLOCK = """
import time
real, real_ns = time.time, time.time_ns
began = real()
def wrong(now): return began + ({offset}) + ({speed}) * (now - began)
time.time = lambda: wrong(real())
time.time_ns = lambda: int(wrong(real()) * 1e9)
"""


_SHORT_LEASE_SECONDS = 6.0


@pytest.fixture(scope="module")
def short_leases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    folder = tmp_path_factory.mktemp("short")
    with start_orchestrator(folder, lease_seconds=_SHORT_LEASE_SECONDS) as running:
        yield running


@pytest.mark.parametrize(
    ("offset", "speed"),
    [(86400, 1), (-86400, 1), (0, 2)],
    ids=["tomorrow", "yesterday", "fast"],
)
def test_a_wrong_wall_clock_of_the_agent_changes_nothing(
    short_leases: Orchestrator, tmp_path: Path, offset: int, speed: int
) -> None:
    """Renewals, drains and the job's own time go by clocks that nobody sets."""
    robot_id = f"wrong-{offset}-{speed}"
    patch = tmp_path / "clock"
    patch.mkdir()
    code = _WRONG_CLOCK.format(offset=offset, speed=speed)
    (patch / "sitecustomize.py").write_text(code, encoding="utf-8")
    with start_agent(
        short_leases,
        tmp_path,
        robot_id=robot_id,
        environment={"PYTHONPATH": str(patch)},
    ):
        job_id = short_leases.submit(workflows.gated(tmp_path), robot_id=robot_id)
        eventually(lambda: workflows.ledger(tmp_path))
        until = time.monotonic() + _SHORT_LEASE_SECONDS + 0.5
        eventually(lambda: time.monotonic() > until)
        (tmp_path / "gate").touch()
        job = short_leases.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        sound_history(short_leases, job_id)


def test_without_an_answer_the_job_is_dead_before_its_lease_is_over(tmp_path: Path) -> None:
    """The orchestrator hangs: at 0.9 of the lease, counted from sending, the tree is ended."""
    lease_seconds = 15.0  # a tenth of it is what a loaded machine has for the ending
    with (
        start_orchestrator(tmp_path, lease_seconds=lease_seconds) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: processes_with(str(tmp_path / "gate")))
        orchestrator.program.signal(signal.SIGSTOP)
        began = time.monotonic()
        try:
            wait_until_gone(str(tmp_path / "gate"), 60)
            # The last renewal was sent before the stop.
            assert time.monotonic() - began < lease_seconds, agent.program.tail()
        finally:
            orchestrator.program.signal(signal.SIGCONT)
