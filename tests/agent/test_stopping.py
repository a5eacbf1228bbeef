from __future__ import annotations

import signal
import time
from pathlib import Path

from tests.agent import workflows
from tests.agent.checks import (
    processes_with,
    sound_history,
    stop_three_times,
    types,
    wait_until_gone,
)
from tests.support.fleet import Orchestrator, eventually, start_agent, start_orchestrator


def test_a_sleeping_job_is_cancelled_at_once(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, cancel_grace_seconds=600):
        job_id = orchestrator.submit(workflows.waiting(600))
        orchestrator.wait_for(job_id, "running")
        orchestrator.admin.cancel(job_id)
        # Far below the grace: the engine stopped because it was asked.
        job = orchestrator.wait_for(job_id)
    assert (job["status"], job["failure_reason"]) == ("cancelled", "cancelled")
    sound_history(orchestrator, job_id)


def test_a_tight_loop_is_cancelled(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, cancel_grace_seconds=600):
        job_id = orchestrator.submit(workflows.endless())
        orchestrator.wait_for(job_id, "running")
        eventually(lambda: orchestrator.job(job_id)["last_seq"] > 50)
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id)["status"] == "cancelled"


def test_a_program_that_ignores_sigterm_dies_all_the_same(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    mark = f"stubborn-{tmp_path.parent.name}-{tmp_path.name}"
    stubborn = f"trap '' TERM INT HUP; touch '{tmp_path}/up'; while :; do sleep 0.1; done # {mark}"
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.shell(stubborn))
        eventually(lambda: (tmp_path / "up").exists())
        assert processes_with(mark)
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id)["status"] == "cancelled", agent.program.tail()
        wait_until_gone(mark)


def test_a_grandchild_in_a_session_of_its_own_dies_with_its_job(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    mark = f"daemon-{tmp_path.parent.name}-{tmp_path.name}"
    inner = f'trap "" TERM HUP; touch "{tmp_path}/up"; while :; do sleep 0.1; done # {mark}'
    daemon = f"setsid nohup sh -c '{inner}' >/dev/null 2>&1 & sleep 60"
    with start_agent(orchestrator, tmp_path):
        job_id = orchestrator.submit(workflows.shell(daemon))
        eventually(lambda: (tmp_path / "up").exists())
        orchestrator.admin.cancel(job_id)
        assert orchestrator.wait_for(job_id)["status"] == "cancelled"
        wait_until_gone(mark)


def test_what_a_finished_job_left_in_the_background_is_ended(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    mark = f"left-{tmp_path.parent.name}-{tmp_path.name}"
    inner = f'touch "{tmp_path}/up"; while :; do sleep 0.1; done # {mark}'
    leave = (
        f"setsid nohup sh -c '{inner}' >/dev/null 2>&1 & "
        f"while [ ! -e '{tmp_path}/up' ]; do sleep 0.02; done"
    )
    with start_agent(orchestrator, tmp_path):
        job = orchestrator.wait_for(orchestrator.submit(workflows.shell(leave)))
        assert job["status"] == "completed", job["error_message"]
        wait_until_gone(mark)


def test_a_job_that_takes_too_long_times_out(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path):
        job_id = orchestrator.submit(workflows.waiting(60), timeout_seconds=0.5)
        job = orchestrator.wait_for(job_id)
    assert (job["status"], job["failure_reason"]) == ("timeout", "timeout")


def test_sigterm_lets_a_running_job_end(tmp_path: Path) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=5) as orchestrator,
        start_agent(orchestrator, tmp_path, drain_timeout_seconds=60) as agent,
    ):
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: workflows.ledger(tmp_path))
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: orchestrator.admin.robot(agent.robot_id)["draining"])
        # Longer than its lease: renewals go on while it drains.
        until = time.monotonic() + 6
        eventually(lambda: time.monotonic() > until)
        assert orchestrator.job(job_id)["status"] == "running"
        (tmp_path / "gate").touch()
        assert agent.program.wait() == 0, agent.program.tail()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert orchestrator.admin.robot(agent.robot_id)["status"] == "offline"
        assert agent.journals() == []


def test_a_job_that_outlasts_the_drain_is_given_back(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, drain_timeout_seconds=0.5) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: workflows.ledger(tmp_path))
        assert agent.stop() == 0, agent.program.tail()
        assert agent.journals() == []
        assert orchestrator.job(job_id)["status"] == "pending"
        agent.start()
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"], job["retry_count"]) == ("completed", 2, 0)
        assert "job.requeued" in types(sound_history(orchestrator, job_id))


def test_the_second_signal_cancels_and_says_so(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, drain_timeout_seconds=600) as agent:
        job_id = orchestrator.submit(workflows.waiting(600))
        orchestrator.wait_for(job_id, "running")
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: orchestrator.admin.robot(agent.robot_id)["draining"])
        agent.program.signal(signal.SIGTERM)
        assert agent.program.wait() == 143, agent.program.tail()
        assert orchestrator.job(job_id)["status"] == "pending"
        orchestrator.admin.cancel(job_id)


def test_the_third_signal_ends_the_agent_and_its_jobs_at_once(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    mark = f"third-{tmp_path.parent.name}-{tmp_path.name}"
    stubborn = f"trap '' TERM; touch '{tmp_path}/up'; while :; do sleep 0.1; done # {mark}"
    with start_agent(
        orchestrator, tmp_path, drain_timeout_seconds=600, cancel_grace_seconds=600
    ) as agent:
        job_id = orchestrator.submit(workflows.shell(stubborn))
        eventually(lambda: (tmp_path / "up").exists())
        stop_three_times(agent)
        assert agent.program.wait() == 143
        wait_until_gone(mark)
        orchestrator.admin.cancel(job_id)


def test_an_idle_agent_stops_at_once(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        agent.program.signal(signal.SIGINT)
        assert agent.program.wait(30) == 0


def test_a_robot_drained_by_an_operator_claims_nothing_until_it_is_lifted(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="drained") as agent:
        change = {"status": "idle", "draining": True}
        orchestrator.admin.set_robot_status(agent.robot_id, change)
        job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
        eventually(lambda: "drained by the orchestrator" in agent.program.tail())
        assert orchestrator.job(job_id)["status"] == "pending"
        orchestrator.admin.set_robot_status(agent.robot_id, {**change, "draining": False})
        assert orchestrator.wait_for(job_id)["status"] == "completed"


def test_a_drain_of_the_orchestrator_gives_back_what_runs_at_its_deadline(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="limited", max_concurrent_jobs=2) as agent:
        long = orchestrator.submit(workflows.waiting(60), robot_id="limited")
        orchestrator.wait_for(long, "running")
        orchestrator.admin.set_robot_status("limited", {"draining": True, "drain_seconds": 600})
        eventually(lambda: "drained by the orchestrator" in agent.program.tail())
        assert orchestrator.job(long)["status"] == "running"
        # The deadline may be moved while it drains.
        change = {"draining": True, "drain_seconds": 1, "note": "sold"}
        orchestrator.admin.set_robot_status("limited", change)
        job = orchestrator.wait_for(long, "pending")
        assert job["retry_count"] == 0
        # It stays drained, and alive, until somebody lifts that.
        assert agent.program.alive()
        orchestrator.admin.set_robot_status("limited", {"draining": False})
        orchestrator.wait_for(long, "running")
        orchestrator.admin.cancel(long)
        orchestrator.wait_for(long)


def test_an_operators_pause_lets_running_jobs_end_and_is_over_by_itself(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="paused", max_concurrent_jobs=2) as agent:
        running = orchestrator.submit(workflows.gated(tmp_path), robot_id="paused")
        eventually(lambda: workflows.ledger(tmp_path))
        pause = {"status": "paused", "note": "lunch", "resume_after_seconds": 600}
        orchestrator.admin.set_robot_status("paused", pause)
        waiting = orchestrator.submit(workflows.quick(), robot_id="paused")
        eventually(lambda: "paused by the orchestrator" in agent.program.tail())
        assert orchestrator.job(waiting)["status"] == "pending"
        (tmp_path / "gate").touch()
        assert orchestrator.wait_for(running)["attempt"] == 1
        orchestrator.admin.set_robot_status("paused", {**pause, "resume_after_seconds": 1})
        job = orchestrator.wait_for(waiting)
        assert (job["status"], job["attempt"]) == ("completed", 1)
        assert orchestrator.admin.robot("paused")["note"] is None
