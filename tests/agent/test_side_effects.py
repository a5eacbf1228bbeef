"""What an attempt had begun to do outside survives the robot that did it."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.attempt import Attempt, Grant
from agent.job import frames
from agent.job.supervisor import Supervisor
from agent.journal.file import Journal
from agent.machine.disk import Reserve
from casare_rpa.secrets import SecretSources
from casare_rpa.settings import Settings
from tests.agent import workflows
from tests.agent.checks import types
from tests.support.fleet import Orchestrator, eventually, start_agent


@pytest.mark.parametrize("on_lost", ["requeue", "fail"])
def test_a_killed_agent_leaves_word_of_what_its_job_had_begun(
    orchestrator: Orchestrator, tmp_path: Path, on_lost: str
) -> None:
    with start_agent(orchestrator, tmp_path) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), on_lost=on_lost)
        eventually(lambda: "node.completed" in types(orchestrator.history(job_id)), 60)
        eventually(lambda: orchestrator.job(job_id)["side_effects"], 60)
        agent.kill()
        if on_lost == "requeue":
            (tmp_path / "gate").touch()
        agent.start()
        status = "failed" if on_lost == "fail" else "completed"
        job = orchestrator.wait_for(job_id, status, seconds=90)
    history = orchestrator.history(job_id)
    (story,) = [e for e in history if e["type"] in ("job.failed", "job.requeued")]
    assert story["data"]["side_effects"] is True
    assert "before" in story["data"]["side_effect_nodes"]
    if on_lost == "fail":
        # The agent's own word, unless the machine was so slow that the lease ran out first.
        assert job["failure_reason"] in ("agent_lost", "lease_lost") and job["attempt"] == 1
        assert workflows.ledger(tmp_path) == ["begin"]


def test_a_drained_job_that_must_not_run_twice_says_that_it_was_stopped(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, drain_timeout_seconds=0.1) as agent:
        job_id = orchestrator.submit(workflows.gated(tmp_path), on_lost="fail")
        eventually(lambda: workflows.ledger(tmp_path) == ["begin"], 60)
        agent.stop()
        job = orchestrator.wait_for(job_id, "failed", seconds=60)
    assert job["failure_reason"] == "agent_stop"
    assert workflows.ledger(tmp_path) == ["begin"]
    assert orchestrator.admin.dead_letter(job_id)["failure_reason"] == "agent_stop"


def test_only_the_nodes_that_act_are_marked(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path):
        job_id = orchestrator.submit(workflows.quick())
        orchestrator.wait_for(job_id, seconds=60)
    started = [e for e in orchestrator.history(job_id) if e["type"] == "node.started"]
    assert started and all("side_effect" not in event["data"] for event in started)
    assert not orchestrator.job(job_id)["side_effects"]


@pytest.mark.parametrize(("kind", "synced"), [(frames.EVENTS, False), (frames.ACTED, True)])
def test_what_was_done_outside_is_on_disk_at_once(
    tmp_path: Path, kind: bytes, synced: bool
) -> None:
    journal = Journal.create(tmp_path / "a.journal", {}, fsync_seconds=3600)
    grant = Grant.parse({"job_id": "j", "attempt": 1, "lease_token": "t", "timeout_seconds": 9.0})
    supervisor = Supervisor(
        Attempt(grant, journal),
        launcher=None,  # type: ignore[arg-type]  # nothing is started here
        settings=Settings(),
        environment={},
        work_dir=tmp_path,
        reserve=Reserve(tmp_path / "reserve"),
        find_secret=SecretSources(sources=()).find,
    )
    supervisor._take_events(frames.pack_events([b"{}"], kind))
    assert (journal.sync_due_seconds() is None) == synced
    journal.close()
