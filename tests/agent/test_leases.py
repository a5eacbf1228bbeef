"""Until when an agent believes that a job is its own."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.attempt import Attempt, Grant, Stop
from agent.journal.file import Journal
from agent.machine.folders import Folders
from agent.roster import Roster
from agent.uplink.heartbeat import Heartbeat, Reactions
from agent.uplink.identity import Identity
from casare_rpa.boot_clock import boottime_seconds
from casare_rpa.settings import Settings
from tests.agent import workflows
from tests.agent.checks import wait_until_gone
from tests.agent.test_crashes import begun, guard_of
from tests.agent.test_delivery import Delivery
from tests.support.fleet import Orchestrator, eventually, start_agent, start_orchestrator

Json = dict[str, Any]
SLOW_SECONDS = 0.5


@pytest.fixture
def held(orchestrator: Orchestrator, tmp_path: Path) -> Iterator[Delivery]:
    """An attempt at a job, held by a robot whose calls the test makes."""
    made = Delivery(orchestrator, tmp_path, f"r-{tmp_path.name}"[:60])
    yield made
    orchestrator.admin.cancel(made.job_id)
    made.client.close()


def _heartbeat(held: Delivery, folder: Path) -> Heartbeat:
    settings = Settings(state_dir=str(folder / "state"))
    ignore = lambda *_: None  # noqa: E731
    roster = Roster(1)
    roster.add(held.attempt)
    return Heartbeat(
        held.client,
        identity=Identity(robot_id=held.robot_id, key_name="test"),
        settings=settings,
        folders=Folders.open(settings),
        roster=roster,
        reactions=Reactions(rest=ignore, key_refused=ignore, superseded=ignore),
        say=dict,
    )


def test_a_lease_is_trusted_for_nine_tenths_from_the_sending(tmp_path: Path) -> None:
    grant = Grant(job_id="j", attempt=1, lease_token="t", timeout_seconds=1)
    journal = Journal.create(tmp_path / "a.journal", grant.for_journal("r1"), fsync_seconds=60)
    attempt = Attempt(grant, journal)
    assert attempt.safe_until is None and not attempt.expired
    attempt.renewed(1000.0, 60.0)
    assert attempt.safe_until == 1054.0
    attempt.renewed(boottime_seconds() - 54.1, 60.0)
    assert attempt.expired
    attempt.close()


def test_a_slow_answer_does_not_lengthen_the_lease(held: Delivery, tmp_path: Path) -> None:
    heartbeat = _heartbeat(held, tmp_path)
    renew = held.client.heartbeat

    def slowly(robot_id: str, beat: Json) -> Json:
        reply = renew(robot_id, beat)
        time.sleep(SLOW_SECONDS)  # the answer is on its way
        return reply

    held.client.heartbeat = slowly  # type: ignore[method-assign]
    heartbeat._beat()
    answered = boottime_seconds()
    assert held.attempt.safe_until is not None
    assert held.attempt.safe_until <= answered - SLOW_SECONDS + 0.9 * heartbeat.lease_seconds


def test_a_renewal_that_says_lost_ends_a_silent_job(held: Delivery, tmp_path: Path) -> None:
    heartbeat = _heartbeat(held, tmp_path)
    heartbeat._beat()
    assert held.attempt.stop is None
    held.client.release(held.job_id, held.grant.proof)
    heartbeat._beat()
    assert held.attempt.stop is Stop.LOST


def test_the_agent_ends_an_expired_job_whose_guard_hangs(tmp_path: Path) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=4) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        guard = guard_of(agent)
        guard.send_signal(signal.SIGSTOP)
        try:
            orchestrator.kill()
            wait_until_gone(str(tmp_path / "gate"))
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                guard.send_signal(signal.SIGCONT)


def test_a_job_dies_with_its_agent_long_before_its_lease(tmp_path: Path) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=120) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        agent.kill()
        wait_until_gone(str(tmp_path / "gate"), 30)
