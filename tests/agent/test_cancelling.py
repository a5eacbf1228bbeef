"""A job is cancelled at each step of its way (P6, P13), with the hints and without them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.agent import workflows
from tests.agent.checks import processes_with, sound_history, wait_until_gone
from tests.support.fleet import Agent, Orchestrator, eventually, start_agent
from tests.support.proxy import Proxy, proxy_to

Json = dict[str, Any]


@contextmanager
def reached(
    orchestrator: Orchestrator, tmp_path: Path, *, with_hints: bool, **settings: Any
) -> Iterator[tuple[Agent, Proxy]]:
    """An agent behind a proxy, which refuses the agent's socket unless *with_hints*."""
    with proxy_to(orchestrator.url) as proxy:
        if not with_hints:
            proxy.lose(b"GET /ws/", 1_000_000)
        robot_id = f"r-{tmp_path.name}"
        with start_agent(
            orchestrator, tmp_path, robot_id=robot_id, orchestrator_url=proxy.url, **settings
        ) as agent:
            if not with_hints:
                eventually(lambda: any(line.startswith(b"GET /ws/") for line in proxy.lost))
            yield agent, proxy


HINTS = pytest.mark.parametrize("with_hints", [True, False], ids=["hints", "no hints"])


@HINTS
def test_before_the_claim(orchestrator: Orchestrator, tmp_path: Path, with_hints: bool) -> None:
    with reached(orchestrator, tmp_path, with_hints=with_hints) as (agent, _):
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id="nobody")
        orchestrator.admin.cancel(job_id)
        assert orchestrator.job(job_id)["status"] == "cancelled"
        after = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
        assert orchestrator.wait_for(after)["status"] == "completed"
        assert workflows.ledger(tmp_path) == []


@HINTS
def test_in_the_claim(orchestrator: Orchestrator, tmp_path: Path, with_hints: bool) -> None:
    """The answer with the grant is lost; before it is asked for again a person cancels."""
    settings = {"retry_delay_seconds": 1.0, "retry_delay_max_seconds": 1.0}
    with reached(orchestrator, tmp_path, with_hints=with_hints, **settings) as (agent, proxy):
        proxy.lose(b"/jobs/claim ", 3)
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
        orchestrator.wait_for(job_id, "claimed", "running")
        orchestrator.admin.cancel(job_id)
        job = orchestrator.wait_for(job_id, seconds=60)
        assert job["status"] == "cancelled", agent.program.tail()
        wait_until_gone(str(tmp_path / "gate"))
        assert "end" not in workflows.ledger(tmp_path)
        sound_history(orchestrator, job_id)


@HINTS
def test_in_a_node(
    orchestrator: Orchestrator,
    tmp_path: Path,
    with_hints: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with reached(orchestrator, tmp_path, with_hints=with_hints) as (agent, _):
        job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
        eventually(lambda: processes_with(str(tmp_path / "gate")))
        began = time.monotonic()
        orchestrator.admin.cancel(job_id)
        wait_until_gone(str(tmp_path / "gate"), 30)
        took_ms = round((time.monotonic() - began) * 1000)
        with capsys.disabled():
            sys.stdout.write(f"\n{'with' if with_hints else 'without'} hints: dead {took_ms} ms\n")
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["failure_reason"]) == ("cancelled", "cancelled")
        sound_history(orchestrator, job_id)
        eventually(lambda: not agent.journals())


@HINTS
def test_in_the_upload_of_a_completed_job(
    orchestrator: Orchestrator, tmp_path: Path, with_hints: bool
) -> None:
    """Its outcome comes too late for the first try, and in time for the history: it stands."""
    with reached(orchestrator, tmp_path, with_hints=with_hints) as (agent, proxy):
        proxy.lose(b"/finish ", 1)
        job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
        eventually(lambda: any(b"/finish " in line for line in proxy.lost))
        answer = orchestrator.admin.cancel(job_id)
        assert answer["previous_status"] in ("running", "completed")
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        sound_history(orchestrator, job_id)
        eventually(lambda: not agent.journals())


@HINTS
def test_after_the_end(orchestrator: Orchestrator, tmp_path: Path, with_hints: bool) -> None:
    with reached(orchestrator, tmp_path, with_hints=with_hints) as (agent, _):
        job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        history = orchestrator.history(job_id)
        assert not orchestrator.admin.cancel(job_id)["cancelled"]
        assert orchestrator.job(job_id)["status"] == "completed"
        assert orchestrator.history(job_id) == history


#: Programs that a job leaves behind; each touches a file when it is up, and none ends by itself.
_LEFT_BEHIND = {
    "setsid": "setsid sh -c '{loop}' & wait",
    "double fork": "(sh -c '{loop}' &) ; sleep 60",
    "double fork and setsid": "(setsid sh -c '{loop}' &) ; sleep 60",
    "closed output": "sh -c '{loop}' </dev/null >&- 2>&- & wait",
    "nohup": "nohup sh -c '{loop}' >/dev/null 2>&1 & wait",
    "ignores SIGTERM": "sh -c 'trap \"\" TERM INT HUP QUIT; {loop}'",
    "all of it": (
        "(setsid nohup sh -c 'trap \"\" TERM INT HUP QUIT; {loop}' <&- >&- 2>&- &) ; sleep 60"
    ),
}


def _command(kind: str, folder: Path, mark: str) -> str:
    loop = f'touch "{folder}/up"; while :; do sleep 0.1; done # {mark}'
    return _LEFT_BEHIND[kind].format(loop=loop)


@pytest.fixture(scope="module")
def agent(orchestrator: Orchestrator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    folder = tmp_path_factory.mktemp("agent")
    with start_agent(orchestrator, folder, robot_id="ladder") as running:
        yield running


@pytest.mark.parametrize("kind", _LEFT_BEHIND)
def test_no_program_escapes_a_cancel(
    orchestrator: Orchestrator, agent: Agent, tmp_path: Path, kind: str
) -> None:
    mark = f"escape-{tmp_path.parent.name}-{tmp_path.name}"
    command = _command(kind, tmp_path, mark)
    job_id = orchestrator.submit(workflows.shell(command), robot_id=agent.robot_id)
    eventually(lambda: (tmp_path / "up").exists())
    assert processes_with(mark)
    orchestrator.admin.cancel(job_id)
    assert orchestrator.wait_for(job_id)["status"] == "cancelled", agent.program.tail()
    # The job is cancelled when nothing of it is left, not before.
    assert not processes_with(mark)


@pytest.mark.parametrize("kind", ["double fork and setsid", "all of it"])
def test_no_program_outlives_its_job(
    orchestrator: Orchestrator, agent: Agent, tmp_path: Path, kind: str
) -> None:
    mark = f"outlive-{tmp_path.parent.name}-{tmp_path.name}"
    wait_for_it = f"while [ ! -e '{tmp_path}/up' ]; do sleep 0.02; done"
    command = _command(kind, tmp_path, mark).replace("sleep 60", wait_for_it)
    job_id = orchestrator.submit(workflows.shell(command), robot_id=agent.robot_id)
    job = orchestrator.wait_for(job_id)
    assert job["status"] == "completed", job["error_message"]
    assert not processes_with(mark)


def test_a_daemon_that_holds_the_output_open_does_not_hold_up_its_job(
    orchestrator: Orchestrator, agent: Agent, tmp_path: Path
) -> None:
    """The command has ended; only the daemon's copy of the pipe is still open."""
    mark = f"holder-{tmp_path.parent.name}-{tmp_path.name}"
    loop = f'touch "{tmp_path}/up"; while :; do sleep 0.1; done # {mark}'
    command = f"(setsid sh -c '{loop}' &) ; while [ ! -e '{tmp_path}/up' ]; do sleep 0.02; done"
    job_id = orchestrator.submit(
        workflows.shell(command), robot_id=agent.robot_id, timeout_seconds=20
    )
    job = orchestrator.wait_for(job_id, seconds=60)
    assert job["status"] in ("completed", "timeout"), job["error_message"]
    assert not processes_with(mark)
