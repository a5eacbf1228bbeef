from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.agent import workflows
from tests.agent.checks import sound_history, types
from tests.support.fleet import Orchestrator, eventually, start_agent
from tests.support.proxy import proxy_to


@pytest.mark.parametrize(
    "call", [b"POST /api/v1/jobs/claim", b"/finish ", b"/events ", b"/heartbeat "]
)
def test_a_lost_answer_costs_no_attempt(
    orchestrator: Orchestrator, tmp_path: Path, call: bytes
) -> None:
    with proxy_to(orchestrator.url) as proxy:
        # Before the agent starts: its very first claim brings the job, and its answer is lost.
        job_id = orchestrator.submit(workflows.gated(tmp_path))
        proxy.lose(call, 2)
        with start_agent(orchestrator, tmp_path, orchestrator_url=proxy.url) as agent:
            orchestrator.wait_for(job_id, "running")
            if call != b"/finish ":
                eventually(lambda: len(proxy.lost) == 2)
            (tmp_path / "gate").touch()
            job = orchestrator.wait_for(job_id)
            assert (job["status"], job["attempt"]) == ("completed", 1), agent.program.tail()
            assert workflows.ledger(tmp_path) == ["begin", "end"]
            assert "job.requeued" not in types(sound_history(orchestrator, job_id))
            assert agent.stop() == 0
        assert len(proxy.lost) == 2


def test_no_node_starts_before_a_renewal_was_answered(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    (tmp_path / "gate").touch()
    with proxy_to(orchestrator.url) as proxy:
        proxy.lose(b"/heartbeat ", 10**6)
        with start_agent(orchestrator, tmp_path, orchestrator_url=proxy.url) as agent:
            job_id = orchestrator.submit(workflows.gated(tmp_path))
            # The orchestrator counts it as running; the agent does not know that it may.
            orchestrator.wait_for(job_id, "running")
            seen = len(proxy.lost)
            until = time.monotonic() + 5  # enough to run it many times over
            eventually(lambda: len(proxy.lost) > seen + 3 and time.monotonic() > until)
            assert workflows.ledger(tmp_path) == []
            proxy.lose(b"/heartbeat ", 0)
            job = orchestrator.wait_for(job_id)
            assert (job["status"], job["attempt"]) == ("completed", 1), agent.program.tail()
