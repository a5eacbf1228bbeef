from __future__ import annotations

import signal
from pathlib import Path

import psutil

from agent.journal.records import read_records
from tests.agent import workflows
from tests.agent.checks import processes_with, sound_history, types, wait_until_gone
from tests.support.fleet import (
    Agent,
    Orchestrator,
    eventually,
    start_agent,
    start_orchestrator,
)


def begun(folder: Path) -> bool:
    """Whether the job waits at its gate."""
    return bool(workflows.ledger(folder) and processes_with(str(folder / "gate")))


def guard_of(agent: Agent) -> psutil.Process:
    """The parent of the running job's process, as the job's journal names it."""
    (journal,) = agent.journals()
    records = [record.decode() for record in read_records(journal)]
    (pid,) = [record["pid"] for record in records if record["kind"] == "process"]
    return psutil.Process(pid)


def test_after_kill_9_of_the_agent_the_job_runs_again_and_completes_once(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: "node.completed" in types(orchestrator.history(job_id)))
        eventually(lambda: begun(tmp_path))
        agent.kill()
        wait_until_gone(str(tmp_path / "gate"))
        agent.start()
        eventually(lambda: workflows.ledger(tmp_path) == ["begin", "begin"])
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 2), agent.program.tail()
        assert workflows.ledger(tmp_path) == ["begin", "begin", "end"]
        history = sound_history(orchestrator, job_id)
        assert types(history).count("job.requeued") == 1
        assert "node.completed" in types(history, attempt=1)
        eventually(lambda: not agent.journals())


def test_an_outcome_that_was_journalled_is_delivered_and_not_done_again(
    tmp_path: Path,
) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=60) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        orchestrator.kill()
        (tmp_path / "gate").touch()
        eventually(lambda: _has_outcome(agent))
        agent.kill()
        orchestrator.start()
        agent.start()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1), agent.program.tail()
        assert workflows.ledger(tmp_path) == ["begin", "end"]
        sound_history(orchestrator, job_id)
        eventually(lambda: not agent.journals())


def _has_outcome(agent: Agent) -> bool:
    return any(
        record.decode()["kind"] == "outcome"
        for path in agent.journals()
        for record in read_records(path)
    )


def test_a_job_completes_although_the_orchestrator_was_killed_meanwhile(tmp_path: Path) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=60) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        orchestrator.kill()
        orchestrator.start()
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 1), agent.program.tail()
        assert workflows.ledger(tmp_path) == ["begin", "end"]
        sound_history(orchestrator, job_id)


def test_a_job_whose_process_is_killed_fails_and_the_agent_lives(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        (job_process,) = guard_of(agent).children()
        job_process.kill()
        job = orchestrator.wait_for(job_id)
        assert job["status"] == "failed"
        assert job["error_type"] == "PROCESS_DIED"
        wait_until_gone(str(tmp_path / "gate"))
        after = orchestrator.wait_for(orchestrator.submit(workflows.quick()))
        assert after["status"] == "completed"


def test_a_job_that_kills_its_guard_harms_only_itself(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        guard_of(agent).kill()
        assert orchestrator.wait_for(job_id)["status"] == "failed"
        wait_until_gone(str(tmp_path / "gate"))
        after = orchestrator.wait_for(orchestrator.submit(workflows.quick()))
        assert after["status"] == "completed"


def test_a_stopped_agents_job_ends_when_its_lease_does(tmp_path: Path) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=5) as orchestrator,
        start_agent(orchestrator, tmp_path) as agent,
    ):
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        agent.program.signal(signal.SIGSTOP)
        try:
            wait_until_gone(str(tmp_path / "gate"))
        finally:
            agent.program.signal(signal.SIGCONT)
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 2)
        assert workflows.ledger(tmp_path) == ["begin", "begin", "end"]
        sound_history(orchestrator, job_id)


def test_an_attempt_that_lost_its_lease_is_kept_apart(tmp_path: Path) -> None:
    with start_orchestrator(tmp_path, lease_seconds=5) as orchestrator:
        with start_agent(orchestrator, tmp_path, robot_id="first") as first:
            job_id = orchestrator.submit(workflows.gated(tmp_path))
            eventually(lambda: begun(tmp_path))
            first.kill()
        orchestrator.wait_for(job_id, "pending")
        with start_agent(orchestrator, tmp_path, robot_id="second"):
            eventually(lambda: len(workflows.ledger(tmp_path)) == 2)
            first.start()
            lost = first.state_dir / "journal" / "lost"
            eventually(lambda: list(lost.glob("*.sent")), what="the side log")
            assert first.journals() == []
            (tmp_path / "gate").touch()
            job = orchestrator.wait_for(job_id)
        assert (job["status"], job["robot_id"], job["attempt"]) == ("completed", "second", 2)
        sound_history(orchestrator, job_id)
        first.program.end()


def test_a_job_taken_away_while_it_runs_is_ended_at_once(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        eventually(lambda: begun(tmp_path))
        # Forgetting the robot takes its jobs back; its key stays valid.
        orchestrator.admin.delete_robot(agent.robot_id)
        lost = agent.state_dir / "journal" / "lost"
        eventually(lambda: any(lost.iterdir()), what="the journal being set aside")
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 2)
        assert workflows.ledger(tmp_path).count("end") == 1
