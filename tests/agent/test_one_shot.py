"""Agents that end by themselves, and what their exit codes say."""

from __future__ import annotations

import json
import re
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from agent.machine.health import answer, parse_address
from agent.machine.timeline import entries
from casare_rpa.errors import ConfigInvalid
from tests.agent import workflows
from tests.support.fleet import (
    Agent,
    Orchestrator,
    eventually,
    start_agent,
    start_orchestrator,
    wait_until_online,
)

#: Nobody listens there.
LATER = "http://127.0.0.1:9"


def test_once_with_nothing_to_do_exits_75(orchestrator: Orchestrator, tmp_path: Path) -> None:
    arguments = ("--once", "--idle-timeout", "0.5")
    with start_agent(
        orchestrator, tmp_path, robot_id="bored", arguments=arguments, poll_wait_seconds=1
    ) as agent:
        assert agent.program.wait() == 75, agent.program.tail()
        assert agent.program.says("ends by itself: after one job, after 0.5 s without a job")


def test_once_that_is_told_to_stop_exits_with_the_outcome_of_the_job_it_lets_end(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="told", arguments=("--once",)) as agent:
        orchestrator.submit(workflows.gated(tmp_path, fails=True), robot_id="told")
        eventually(lambda: workflows.ledger(tmp_path))
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: agent.program.says("no new jobs"))
        (tmp_path / "gate").touch()
        assert agent.program.wait() == 1, agent.program.tail()


def test_a_grant_that_once_has_to_give_back_is_no_job_that_was_run(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="once-more", arguments=("--once",)) as agent:
        journal, kept = agent.state_dir / "journal", agent.state_dir / "journal.kept"
        # From then on it asks for jobs, and has done with what earlier starts left.
        eventually(lambda: (journal / "reserve").exists())
        journal.rename(kept)
        journal.write_text("in the way")
        job_id = orchestrator.submit(workflows.quick(), robot_id="once-more")
        eventually(lambda: agent.program.says("it cannot be begun"))
        journal.unlink()
        kept.rename(journal)
        assert agent.program.wait() == 0, agent.program.tail()
        assert orchestrator.job(job_id)["status"] == "completed"


def test_after_its_share_of_jobs_an_agent_ends_and_leaves_the_rest(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    jobs = [orchestrator.submit(workflows.quick(), robot_id="three") for _ in range(5)]
    with start_agent(
        orchestrator,
        tmp_path,
        robot_id="three",
        arguments=("--max-jobs", "3"),
        max_concurrent_jobs=2,
        wait=False,
    ) as agent:
        assert agent.program.wait() == 0, agent.program.tail()
        states = sorted(orchestrator.job(job)["status"] for job in jobs)
        assert states == ["completed"] * 3 + ["pending"] * 2
        for job in jobs:
            if orchestrator.job(job)["status"] == "pending":
                orchestrator.admin.cancel(job)


def test_at_the_end_of_its_time_an_agent_lets_its_job_end(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    # Submitted before: what it is to let end must have begun when its time is over.
    job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="tired")
    with start_agent(
        orchestrator,
        tmp_path,
        robot_id="tired",
        arguments=("--max-uptime", "5"),
        drain_timeout_seconds=60,
    ) as agent:
        eventually(lambda: agent.program.says("stopping after"))
        (tmp_path / "gate").touch()
        assert agent.program.wait() == 0, agent.program.tail()
        assert orchestrator.wait_for(job_id)["status"] == "completed"


def probe(agent: Agent, path: str) -> tuple[int, dict[str, Any]]:
    found = re.search(r"probes: (http://[^/]+)/live", agent.program.said_since_start())
    assert found, agent.program.tail()
    try:
        with urllib.request.urlopen(found[1] + path, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_probes_and_the_timeline_tell_of_an_orchestrator_that_comes_and_goes(
    tmp_path: Path,
) -> None:
    with (
        start_orchestrator(tmp_path, lease_seconds=2) as own_orchestrator,
        start_agent(
            own_orchestrator, tmp_path, wait=False, health_address="0", orchestrator_url=LATER
        ) as agent,
    ):
        eventually(lambda: "trying again" in agent.program.tail())
        assert probe(agent, "/live")[0] == 200
        assert probe(agent, "/ready")[0] == 503
        assert probe(agent, "/journal")[0] == 404
        assert agent.stop() == 0
        agent.program.environment["CASARE_ORCHESTRATOR_URL"] = own_orchestrator.url
        agent.start()
        wait_until_online(agent)
        eventually(lambda: probe(agent, "/ready")[0] == 200)
        shown = json.dumps(probe(agent, "/ready")[1])
        assert agent.program.environment["CASARE_API_KEY"] not in shown
        own_orchestrator.kill()
        eventually(lambda: probe(agent, "/ready")[0] == 503)
        assert probe(agent, "/live")[0] == 200
        eventually(lambda: contact(agent) == ["orchestrator.lost"])
        own_orchestrator.start()
        eventually(lambda: contact(agent) == ["orchestrator.lost", "orchestrator.back"])
        eventually(lambda: probe(agent, "/ready")[0] == 200)


def contact(agent: Agent) -> list[str]:
    found = [entry["what"] for entry in entries(agent.state_dir)]
    return [what for what in found if what.startswith("orchestrator.")]


def test_an_agent_whose_main_thread_hangs_does_not_live() -> None:
    assert answer("/live", (float("-inf"), {"state": "working", "renewing": True}))[0] == 503
    assert answer("/ready", (float("-inf"), {"state": "working", "renewing": True}))[0] == 503


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8080", ("127.0.0.1", 8080)),
        (":8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:1", ("0.0.0.0", 1)),
        ("[::1]:9", ("::1", 9)),
    ],
)
def test_a_port_alone_is_one_of_the_loopback(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


def test_an_address_that_is_none_is_refused() -> None:
    for text in ("here", "127.0.0.1:", "127.0.0.1:70000", "localhost:http"):
        with pytest.raises(ConfigInvalid, match="health_address"):
            parse_address(text)
