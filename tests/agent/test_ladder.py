from __future__ import annotations

from pathlib import Path

import pytest

from agent.job.ladder import Ladder
from tests.agent import workflows
from tests.agent.checks import stop_three_times, wait_until_gone
from tests.agent.test_crashes import begun, guard_of
from tests.support.fleet import Orchestrator, eventually, start_agent


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr("agent.job.ladder.time.monotonic", lambda: now[0])
    return now


def test_each_step_is_taken_once_and_a_grace_apart(clock: list[float]) -> None:
    taken: list[str] = []
    steps = [lambda: taken.append("ask"), lambda: taken.append("term")]
    ladder = Ladder(steps, 5)
    seen = []
    for now in (100, 101, 104.9, 105, 106, 109.9, 110):
        clock[0] = now
        ladder.climb()
        seen.append((list(taken), ladder.exhausted))
    assert seen == [
        (["ask"], False),
        (["ask"], False),
        (["ask"], False),
        (["ask", "term"], False),
        (["ask", "term"], False),
        (["ask", "term"], False),
        (["ask", "term"], True),
    ]


def test_a_program_may_tidy_up_at_sigterm(orchestrator: Orchestrator, tmp_path: Path) -> None:
    """The engine hangs and passes nothing on; SIGTERM reaches the program all the same."""
    up, tidy = tmp_path / "up", tmp_path / "tidy"
    program = f"trap 'touch {tidy}; exit 0' TERM; touch {up}; while :; do sleep 0.05; done"
    with start_agent(orchestrator, tmp_path, cancel_grace_seconds=3) as agent:
        job_id = orchestrator.submit(workflows.shell(program))
        eventually(up.exists)
        (job_process,) = guard_of(agent).children()
        job_process.suspend()
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id, seconds=40)["status"] == "cancelled"
    assert tidy.exists()


def test_the_third_signal_does_not_wait_for_a_job_that_hangs(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(
        orchestrator, tmp_path, drain_timeout_seconds=600, cancel_grace_seconds=600
    ) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        (job_process,) = guard_of(agent).children()
        job_process.suspend()
        stop_three_times(agent)
        assert agent.program.wait() == 143
        wait_until_gone(str(tmp_path / "gate"))
        orchestrator.admin.cancel(job_id)


def test_a_job_that_holds_its_process_up_times_out_all_the_same(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    """A process that is stopped can neither count its own time nor hear that it is over."""
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), timeout_seconds=6)
        eventually(lambda: begun(tmp_path))
        (job_process,) = guard_of(agent).children()
        job_process.suspend()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["failure_reason"]) == ("timeout", "timeout")
