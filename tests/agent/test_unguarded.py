"""Jobs without a guard, as they run on Windows; here on whatever system the tests run."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.attempt import Attempt, Grant, Stop
from agent.job import unguarded
from agent.job.launch import JobProcess, Launcher
from agent.job.life import LEASE_EXPIRED
from agent.job.supervisor import Supervisor
from agent.journal.file import Journal
from agent.journal.records import read_records
from agent.machine.disk import Reserve
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.secrets import SecretSources
from casare_rpa.settings import Settings
from tests.agent import workflows
from tests.agent.checks import processes_with, wait_until_gone
from tests.support.fleet import eventually

Json = dict[str, Any]
Made = Callable[[Json], Supervisor]


@pytest.fixture
def launcher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Launcher]:
    monkeypatch.setattr("agent.job.launch.run_job", unguarded.main)
    made = Launcher()
    made._context = multiprocessing.get_context("spawn")
    yield made
    made.close()


@pytest.fixture
def supervised(launcher: Launcher, tmp_path: Path) -> Iterator[Made]:
    """Makes the supervisor of a job whose lease holds for a minute."""
    attempts: list[Attempt] = []

    def make(workflow: Json) -> Supervisor:
        grant = Grant(
            job_id="j",
            attempt=1,
            lease_token="t",
            timeout_seconds=60,
            workflow_json=json.dumps(workflow),
        )
        journal = Journal.create(tmp_path / "a.journal", grant.for_journal("r1"), fsync_seconds=1)
        attempt = Attempt(grant, journal)
        attempt.renewed(boottime_seconds(), 60)
        attempts.append(attempt)
        return Supervisor(
            attempt,
            launcher=launcher,
            settings=Settings(state_dir=str(tmp_path)),
            environment=os.environ,
            work_dir=tmp_path / "work" / "j",
            reserve=Reserve(tmp_path / "reserve"),
            find_secret=SecretSources(sources=()).find,
        )

    yield make
    for attempt in attempts:
        attempt.close()


def test_a_job_runs_to_its_end(supervised: Made, tmp_path: Path) -> None:
    supervised(workflows.quick()).run()
    last = [record.decode() for record in read_records(tmp_path / "a.journal")][-1]
    assert (last["kind"], last["finish"]["status"]) == ("outcome", "completed")


def test_a_job_that_is_not_its_agents_any_more_ends_with_its_tree(
    supervised: Made, tmp_path: Path
) -> None:
    mark = f"6{os.getpid()}.25"
    waits = f'"{sys.executable}" -c "import time; time.sleep({mark})"'
    supervisor = supervised(workflows.shell(waits))
    running = threading.Thread(target=supervisor.run)
    running.start()
    eventually(lambda: bool(processes_with(mark)))
    supervisor.attempt.ask_stop(Stop.LOST)
    running.join(120)
    assert not running.is_alive()
    wait_until_gone(mark)


def test_a_job_ends_when_its_lease_does_though_its_agent_stands_still(launcher: Launcher) -> None:
    process = launcher.start()
    process.allow_until(boottime_seconds() + 0.5)
    assert _exit_code(process) == LEASE_EXPIRED
    launcher.discard(process)


def test_a_job_ends_when_its_agent_lets_go(launcher: Launcher) -> None:
    process = launcher.start()
    process._life.close()
    assert _exit_code(process) == 137
    launcher.discard(process)


def _exit_code(process: JobProcess) -> int | None:
    # A process that was spawned closes its pipes a moment before it has an exit code.
    eventually(lambda: process.wait(1) is not None)
    return process.wait(0)
