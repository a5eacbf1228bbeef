"""The agent's disk fills up while a job talks more than it can hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.agent import workflows
from tests.faults.invariants import check_database, check_history, check_log, database
from tests.support.fleet import start_agent, start_orchestrator

_MOUNT = "mount -t tmpfs -o size={size} none '{folder}' && exec \"$@\""


def _on_small_disk(folder: Path, size: str) -> tuple[str, ...]:
    """What comes before a command so that *folder* is a disk of *size* for it."""
    folder.mkdir()
    prefix = ("unshare", "-Urm", "sh", "-c", _MOUNT.format(size=size, folder=folder), "sh")
    try:
        works = subprocess.run([*prefix, "true"], capture_output=True, timeout=20).returncode == 0
    except OSError:
        works = False
    if not works:
        pytest.skip("this machine gives no mount namespace to make a small disk in")
    return prefix


@pytest.mark.parametrize("size", ["2m", "4m"])
def test_a_job_that_fills_the_disk_says_so_and_the_agent_goes_on(tmp_path: Path, size: str) -> None:
    """With 4 MiB there is room for the reserve, with 2 MiB there is not."""
    prefix = _on_small_disk(tmp_path / "robot-1", size)
    with (
        start_orchestrator(tmp_path) as orchestrator,
        start_agent(orchestrator, tmp_path, prefix=prefix, min_free_bytes=0) as agent,
    ):
        job = orchestrator.wait_for(orchestrator.submit(workflows.endless()))
        assert (job["status"], job["failure_reason"]) == ("failed", "disk_full")
        assert (job["attempt"], job["error_type"]) == (1, "DISK_FULL")
        after = orchestrator.wait_for(orchestrator.submit(workflows.quick()))
        assert after["status"] == "completed"
        with database(orchestrator) as db:
            for each in (job, after):
                check_history(db, each, orchestrator.history(each["job_id"]))
            check_database(db)
        assert agent.stop() == 0
        check_log(agent.program)
