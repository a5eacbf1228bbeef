"""An agent that was started with its streams closed, as some supervisors do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.agent import workflows
from tests.support.fleet import Orchestrator, eventually, start_agent


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes streams")
@pytest.mark.parametrize("program", ["agent", "casare_cli agent start"])
@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-"])
def test_it_works_without_a_place_for_its_log(
    orchestrator: Orchestrator, tmp_path: Path, program: str, closed: str
) -> None:
    start = ("sh", "-c", f'exec "$0" -m {program} {closed}', sys.executable)
    with start_agent(orchestrator, tmp_path, wait=False, prefix=start) as agent:
        job_id = orchestrator.submit(workflows.shell("echo said; echo complained >&2"))
        job = orchestrator.wait_for(job_id, seconds=120)
        assert (job["status"], job["attempt"]) == ("completed", 1), job
        assert "said" in str(orchestrator.history(job_id))
        eventually(lambda: not agent.journals(), 60, "the delivery of all")
        assert agent.stop() == 0
