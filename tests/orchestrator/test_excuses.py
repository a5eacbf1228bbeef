"""While the server was away nobody could renew; that costs no robot its job (P9)."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from casare_rpa.client import OrchestratorClient
from tests.orchestrator.support import Attempt, workflow_document
from tests.support.fleet import Orchestrator, eventually, start_orchestrator

LEASE_SECONDS = 6.0


def _held_job(orchestrator: Orchestrator) -> Attempt:
    """A job that a robot has claimed and started."""
    robot = OrchestratorClient(orchestrator.url, orchestrator.robot_key("r1"))
    orchestrator.submit(workflow_document())
    grant = robot.claim({"wait_seconds": 10})
    assert grant is not None
    attempt = Attempt(robot=robot, grant=grant)
    attempt.start()
    return attempt


def _wait(seconds: float) -> None:
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > until, seconds + 10)


def test_a_restart_takes_no_job_from_a_robot_that_could_not_renew(tmp_path: Path) -> None:
    with start_orchestrator(tmp_path, lease_seconds=LEASE_SECONDS) as orchestrator:
        attempt = _held_job(orchestrator)
        orchestrator.kill()
        _wait(LEASE_SECONDS + 0.5)
        orchestrator.start()
        # Several looks of the reaper, well within the lease time that was given.
        _wait(1)
        with OrchestratorClient(orchestrator.url, orchestrator.robot_key("r1")) as robot:
            attempt.robot.close()
            attempt.robot = robot
            assert attempt.start()["lost"] == []
            assert attempt.finish()["status"] == "completed"


def test_a_pause_of_the_server_takes_no_job_from_its_robot(tmp_path: Path) -> None:
    with start_orchestrator(tmp_path, lease_seconds=LEASE_SECONDS) as orchestrator:
        attempt = _held_job(orchestrator)
        orchestrator.program.signal(signal.SIGSTOP)
        try:
            _wait(LEASE_SECONDS + 0.5)
        finally:
            orchestrator.program.signal(signal.SIGCONT)
        _wait(1)
        assert attempt.start()["lost"] == []
        assert attempt.finish()["status"] == "completed"
        attempt.robot.close()
