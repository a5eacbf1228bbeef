"""The verbs that speak to the agent on this machine, without the orchestrator."""

from __future__ import annotations

import getpass
import json
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casare_cli.schemas import schema_of
from tests.agent import workflows
from tests.cli.support import PROGRAM, Cli, check
from tests.support.fleet import (
    Agent,
    Orchestrator,
    eventually,
    start_agent,
    start_orchestrator,
    wait_until_online,
)


@pytest.fixture(scope="module")
def orchestrator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orchestrator]:
    with start_orchestrator(tmp_path_factory.mktemp("orchestrator")) as running:
        yield running


@pytest.fixture
def agent(orchestrator: Orchestrator, tmp_path: Path) -> Iterator[Agent]:
    robot_id = f"r-{tmp_path.name}"
    with start_agent(orchestrator, tmp_path, robot_id=robot_id) as running:
        yield running


@pytest.fixture
def here(tmp_path: Path, agent: Agent) -> Iterator[Cli]:
    """The program on the agent's machine: no key, and no orchestrator that would answer."""
    env = {"CASARE_STATE_DIR": str(agent.state_dir), "CASARE_ORCHESTRATOR_URL": "http://0.0.0.0:1"}
    found = Cli(tmp_path, env)
    yield found
    found.end()


def status(here: Cli) -> dict[str, Any]:
    """What the agent tells of itself, which begins a moment after it is online."""

    def told() -> str | None:
        done = here("agent", "status", "-o", "json")
        assert done.returncode in (0, 4), done.stderr
        return done.stdout or None

    return dict(json.loads(eventually(told)))


def test_the_status_tells_what_the_agent_does(
    orchestrator: Orchestrator, agent: Agent, here: Cli, tmp_path: Path
) -> None:
    job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
    eventually(lambda: [job["job_id"] for job in status(here)["jobs"]] == [job_id])
    found = status(here)
    assert (found["pid"], found["robot_id"]) == (agent.pid, agent.robot_id)
    assert (found["state"], found["reachable"]) == ("working", True)
    assert found["uptime_seconds"] > 0
    shown = here("agent", "status").stdout
    assert job_id in shown and agent.robot_id in shown
    assert stat.S_IMODE((agent.state_dir / "status.json").stat().st_mode) == 0o600
    (tmp_path / "gate").touch()
    orchestrator.wait_for(job_id)
    agent.stop()
    done = here("agent", "status")
    assert (done.returncode, str(agent.state_dir) in done.stderr) == (4, True)


def test_the_timeline_and_a_check_need_no_orchestrator(agent: Agent, here: Cli) -> None:
    done = here("agent", "timeline", "--since", "all", "--what", "agent", "-o", "jsonl")
    told = [json.loads(line)["what"] for line in done.stdout.splitlines()]
    assert told[:1] == ["agent.started"], done.stderr
    assert set(told) <= {"agent.started", "agent.state", "agent.registered"}
    assert here("agent", "timeline", "--job", "none").stdout == ""
    done = here("agent", "check", "-o", "json")
    failed = {f["check"]: f for f in json.loads(done.stdout)["items"] if f["state"] == "fail"}
    assert (done.returncode, set(failed)) == (1, {"orchestrator", "key", "no other agent"})
    assert str(agent.pid) in failed["no other agent"]["message"]


def test_the_status_of_an_agent_that_was_killed_is_that_none_runs(agent: Agent, here: Cli) -> None:
    eventually(lambda: (agent.state_dir / "status.json").exists())
    agent.kill()
    assert here("agent", "status").returncode == 4


def test_a_paused_machine_takes_no_job_and_the_orchestrator_knows_why(
    orchestrator: Orchestrator, agent: Agent, here: Cli
) -> None:
    done = here("agent", "pause", "--note", "I need the screen")
    assert (done.returncode, "now" in done.stderr) == (0, True), done.stderr
    eventually(lambda: orchestrator.admin.robot(agent.robot_id)["status"] == "maintenance")
    robot = orchestrator.admin.robot(agent.robot_id)
    assert (robot["note"], robot["paused_by"]) == ("I need the screen", "machine")
    eventually(lambda: status(here)["state"] == "resting")
    job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
    # Not even a new start takes a job.
    agent.stop()
    agent.start()
    wait_until_online(agent)
    eventually(lambda: "I need the screen" in status(here)["why"])
    assert orchestrator.job(job_id)["status"] == "pending"
    assert here("agent", "resume").returncode == 0
    assert orchestrator.wait_for(job_id)["status"] == "completed"
    eventually(lambda: orchestrator.admin.robot(agent.robot_id)["status"] == "idle")


def test_a_pause_at_the_machine_ends_by_itself(
    orchestrator: Orchestrator, agent: Agent, here: Cli
) -> None:
    assert here("agent", "pause", "--for", "5s").returncode == 0
    eventually(lambda: "no jobs for now: paused at this machine" in agent.program.tail())
    job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
    assert orchestrator.wait_for(job_id)["status"] == "completed"


def test_a_pause_asked_for_while_no_agent_runs_waits_for_its_start(
    orchestrator: Orchestrator, agent: Agent, here: Cli
) -> None:
    agent.stop()
    done = here("agent", "pause")
    assert (done.returncode, "next start" in done.stderr) == (0, True)
    agent.start()
    wait_until_online(agent)
    job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
    eventually(lambda: status(here)["state"] == "resting")
    assert orchestrator.job(job_id)["status"] == "pending"
    here("agent", "resume")
    assert orchestrator.wait_for(job_id)["status"] == "completed"


def test_a_control_file_that_makes_no_sense_counts_as_a_pause_that_says_so(
    orchestrator: Orchestrator, agent: Agent, here: Cli
) -> None:
    (agent.state_dir / "control.json").write_text("{ never mind", encoding="utf-8")
    eventually(lambda: "agent resume" in status(here)["why"])
    assert here("agent", "resume").returncode == 0
    eventually(lambda: status(here)["state"] == "working")


def test_a_drain_lets_the_running_job_end_and_the_agent_exits_0(
    orchestrator: Orchestrator, agent: Agent, here: Cli, tmp_path: Path
) -> None:
    job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
    eventually(lambda: workflows.ledger(tmp_path))
    done = here("agent", "drain", "--note", "new kernel", "--wait", "--wait-timeout", "500ms")
    assert done.returncode == 8, done.stderr
    eventually(lambda: orchestrator.admin.robot(agent.robot_id)["draining"])
    assert orchestrator.admin.robot(agent.robot_id)["note"] == "new kernel"
    # The agent tells its orchestrator first and writes its own status after that.
    eventually(lambda: status(here)["state"] == "draining")
    assert status(here)["why"] == "new kernel"
    assert agent.program.alive()
    (tmp_path / "gate").touch()
    assert agent.program.wait() == 0, agent.program.tail()
    assert orchestrator.wait_for(job_id)["status"] == "completed"
    # The request was meant for that start of the agent, not for the next one.
    agent.start()
    wait_until_online(agent)
    job_id = orchestrator.submit(workflows.quick(), robot_id=agent.robot_id)
    assert orchestrator.wait_for(job_id)["status"] == "completed"


def test_a_drain_gives_back_what_still_runs_at_its_deadline(
    orchestrator: Orchestrator, agent: Agent, here: Cli, tmp_path: Path
) -> None:
    job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
    eventually(lambda: workflows.ledger(tmp_path))
    assert here("agent", "drain", "--deadline", "300ms", "--wait").returncode == 0
    assert agent.program.wait() == 0
    job = orchestrator.job(job_id)
    assert (job["status"], job["retry_count"]) == ("pending", 0)
    orchestrator.admin.cancel(job_id)


def test_stop_ends_the_agent_and_a_stopped_one_is_no_error(
    orchestrator: Orchestrator, agent: Agent, here: Cli, tmp_path: Path
) -> None:
    job_id = orchestrator.submit(workflows.gated(tmp_path), robot_id=agent.robot_id)
    eventually(lambda: workflows.ledger(tmp_path))
    done = here("agent", "stop", "--now")
    assert done.returncode == 0, done.stderr
    assert agent.program.wait() == 0
    assert orchestrator.job(job_id)["status"] == "pending"
    orchestrator.admin.cancel(job_id)
    assert here("agent", "stop").returncode == 0
    assert here("agent", "drain").returncode == 4


def test_an_agent_that_waits_for_its_orchestrator_is_shown_and_stopped(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"
    with start_agent(orchestrator, tmp_path, wait=False, orchestrator_url=nobody) as waiting:
        here = Cli(tmp_path, {"CASARE_STATE_DIR": str(waiting.state_dir)})
        eventually(lambda: here("agent", "status").returncode == 0)
        eventually(lambda: status(here).get("why"))
        found = status(here)
        assert (found["state"], found["reachable"]) == ("starting", False)
        check(found, schema_of("agent status"))
        assert here("agent", "stop").returncode == 0
        assert waiting.program.wait() == 0, waiting.program.tail()


def test_a_note_that_is_too_long_and_a_wrong_duration_exit_2(here: Cli) -> None:
    assert here("agent", "pause", "--note", "x" * 501).returncode == 2
    assert here("agent", "pause", "--for", "0").returncode == 2
    assert here("agent", "drain", "--deadline", "soon").returncode == 2


def test_a_folder_that_is_a_file_is_named(here: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = here("agent", "pause", "--state-dir", str(tmp_path / "file"))
    assert done.returncode == 1
    assert "file" in done.stderr and "Traceback" not in done.stderr


def test_pausing_six_times_at_once_leaves_one_whole_file(agent: Agent, here: Cli) -> None:
    started = [here.start("agent", "pause", "--note", f"n{n}") for n in range(6)]
    assert [process.wait(60) for process in started] == [0] * 6
    found = json.loads((agent.state_dir / "control.json").read_bytes())
    assert found["pause"]["note"] in {f"n{n}" for n in range(6)}
    agent.program.signal(signal.SIGTERM)


#: Root, too, may read no other's files then (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH).
_UNPRIVILEGED = """
import ctypes, os, sys
for capability in (1, 2):
    ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="drops capabilities of Linux")
@pytest.mark.parametrize(
    "words",
    [
        *[("agent", verb) for verb in ("status", "timeline", "pause", "resume", "drain", "stop")],
        ("agent", "journal", "list"),
        ("agent", "journal", "show", "job_1"),
        ("agent", "check"),
    ],
    ids=" ".join,
)
def test_another_users_state_folder_is_told_with_whom_to_run_it_as(
    cli: Cli, words: tuple[str, ...]
) -> None:
    theirs = cli.folder / "state"
    theirs.mkdir()
    theirs.chmod(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", _UNPRIVILEGED, *PROGRAM, *words],
            env=cli.environment(),
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
    finally:
        theirs.chmod(0o700)
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    assert f"sudo -u {getpass.getuser()}" in told
    assert "--state-dir" in told
    assert list(theirs.iterdir()) == []
