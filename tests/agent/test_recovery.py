"""What a start does with the processes of the one before."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from agent import recovery
from agent.journal.file import Journal
from agent.machine.folders import Folders
from agent.recovery import left_over
from casare_rpa.settings import Settings

GRANT = {"job_id": "j", "attempt": 1, "lease_token": "t", "timeout_seconds": 1.0}


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders.open(Settings(state_dir=str(tmp_path)))


@pytest.fixture
def survivor() -> Iterator[psutil.Process]:
    """A process that no guard ended."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield psutil.Process(process.pid)
    process.kill()
    process.communicate()


def _left_by(folders: Folders, process: psutil.Process, started: float) -> None:
    journal = Journal.create(folders.journal_of("j", 1), GRANT, fsync_seconds=60)
    journal.append({"kind": "process", "pid": process.pid, "started": started}, sync=True)
    journal.close()


def _alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_a_tree_that_outlived_its_agent_is_ended_before_it_is_reported(
    folders: Folders, survivor: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_DEATH_SECONDS", 0.2)
    _left_by(folders, survivor, survivor.create_time())
    (attempt,) = left_over(folders, robot_id="r1", fsync_seconds=60)
    assert not _alive(survivor)
    assert attempt.ending is not None
    assert attempt.ending["finish"]["failure_reason"] == "agent_lost"
    attempt.close()


def test_a_journal_that_makes_no_sense_keeps_no_other_from_being_reported(
    folders: Folders, caplog: pytest.LogCaptureFixture
) -> None:
    strange = Journal.create(folders.journal_of("a", 1), GRANT, fsync_seconds=60)
    strange.append({"kind": "process"}, sync=True)
    strange.close()
    Journal.create(folders.journal_of("j", 1), GRANT, fsync_seconds=60).close()
    (attempt,) = left_over(folders, robot_id="r1", fsync_seconds=60)
    attempt.close()
    assert attempt.journal.path == folders.journal_of("j", 1)
    assert strange.path.exists()
    assert f"{strange.path} cannot be understood and stays where it is" in caplog.text


def test_a_process_that_only_has_the_same_number_is_left_alone(
    folders: Folders, survivor: psutil.Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "_DEATH_SECONDS", 0.2)
    _left_by(folders, survivor, survivor.create_time() - 3600)
    (attempt,) = left_over(folders, robot_id="r1", fsync_seconds=60)
    assert _alive(survivor)
    attempt.close()
