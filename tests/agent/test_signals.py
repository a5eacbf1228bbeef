"""Signals at every moment: what the agent does, and its exit code."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.journal.records import read_records
from tests.agent import workflows
from tests.agent.checks import processes_with, types, wait_until_gone
from tests.support.fleet import (
    Agent,
    Orchestrator,
    eventually,
    start_agent,
    wait_until_online,
)


def busy(orchestrator: Orchestrator, agent: Agent, folder: Path) -> str:
    """A job of *agent* that waits at its gate; its id."""
    job_id = orchestrator.submit(workflows.gated(folder), robot_id=agent.robot_id)
    eventually(lambda: workflows.ledger(folder) and processes_with(str(folder / "gate")))
    return job_id


def after(seconds: float) -> None:
    until = time.monotonic() + seconds
    eventually(lambda: time.monotonic() > until, seconds + 5)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_in_its_first_moments_ends_it_in_order(
    orchestrator: Orchestrator, tmp_path: Path, number: signal.Signals
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="early") as agent:
        agent.stop()
        for step in range(8):
            agent.program.log.write_bytes(b"")
            agent.program.start()
            eventually(lambda: _obeys(agent.pid))
            after(step * 0.08)
            agent.program.signal(number)
            assert agent.program.wait() == 0, agent.program.tail()
            assert "Traceback" not in agent.program.tail()
            assert agent.journals() == []


def _obeys(pid: int) -> bool:
    """Whether the agent's own code runs; until then signals are Python's and the system's."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGQUIT - 1) & 1)
    return False


def test_fifty_stop_signals_in_a_second_end_it_with_whole_journals(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="fifty") as agent:
        job_id = busy(orchestrator, agent, tmp_path)
        for _ in range(50):
            if agent.program.alive():
                agent.program.signal(signal.SIGTERM)
            after(0.02)
        assert agent.program.wait(30) == 143, agent.program.tail()
        wait_until_gone(str(tmp_path / "gate"))
        (journal,) = agent.journals()
        kinds = [record.decode()["kind"] for record in read_records(journal)]
        assert kinds[0] == "grant"
        agent.start()
        (tmp_path / "gate").touch()
        job = orchestrator.wait_for(job_id)
        assert (job["status"], job["attempt"]) == ("completed", 2)
        eventually(lambda: not agent.journals())


@pytest.mark.parametrize(
    ("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]
)
def test_the_second_signal_gives_the_exit_code_and_the_job_back(
    orchestrator: Orchestrator, tmp_path: Path, second: signal.Signals, code: int
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="second", drain_timeout_seconds=600) as agent:
        job_id = orchestrator.submit(workflows.waiting(600), robot_id="second")
        orchestrator.wait_for(job_id, "running")
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: orchestrator.admin.robot(agent.robot_id)["draining"])
        agent.program.signal(second)
        assert agent.program.wait() == code, agent.program.tail()
        job = orchestrator.job(job_id)
        assert (job["status"], job["retry_count"]) == ("pending", 0)
        assert agent.journals() == []
        orchestrator.admin.cancel(job_id)


def test_the_second_signal_waits_for_no_orchestrator(
    own_orchestrator: Orchestrator, tmp_path: Path
) -> None:
    """What is undelivered stays for the next start, which delivers it."""
    with start_agent(own_orchestrator, tmp_path) as agent:
        job_id = busy(own_orchestrator, agent, tmp_path)
        own_orchestrator.program.signal(signal.SIGSTOP)  # it takes calls and answers none
        (tmp_path / "gate").touch()
        agent.program.signal(signal.SIGTERM)
        eventually(lambda: agent.program.says("no new jobs"))
        began = time.monotonic()
        agent.program.signal(signal.SIGTERM)
        code = agent.program.wait()
        took = time.monotonic() - began
        own_orchestrator.program.signal(signal.SIGCONT)
        assert code == 143, agent.program.tail()
        # It would wait for 16 s and more if the second signal were no reason to hurry.
        assert took < 14, f"{took} s"
        agent.start()
        assert own_orchestrator.wait_for(job_id)["status"] == "completed"


def test_a_long_job_is_given_back_after_the_drain_and_no_crash_is_counted(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="long", drain_timeout_seconds=5) as agent:
        job_id = orchestrator.submit(workflows.waiting(600), robot_id="long")
        orchestrator.wait_for(job_id, "running")
        began = time.monotonic()
        assert agent.stop() == 0, agent.program.tail()
        assert time.monotonic() - began > 4.5
        job = orchestrator.job(job_id)
        assert (job["status"], job["retry_count"]) == ("pending", 0)
        assert types(orchestrator.history(job_id))[-1] == "job.requeued"
        orchestrator.admin.cancel(job_id)


def test_sigquit_ends_it_at_once_and_the_next_start_reports_the_job(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="quit", drain_timeout_seconds=600) as agent:
        job_id = busy(orchestrator, agent, tmp_path)
        agent.program.signal(signal.SIGQUIT)
        assert agent.program.wait() == 131
        wait_until_gone(str(tmp_path / "gate"))
        agent.start()
        (tmp_path / "gate").touch()
        assert orchestrator.wait_for(job_id)["attempt"] == 2


def test_a_closed_terminal_drains_it_and_loses_nothing(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    """The whole process group gets SIGHUP, and every later line of the log fails."""
    with start_agent(orchestrator, tmp_path, robot_id="terminal") as agent:
        agent.stop()
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            # Its own session's terminal becomes the one that is closed.
            [sys.executable, "-c", _ON_TERMINAL, *agent.program.command],
            env=agent.program.environment,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        try:
            job_id = busy(orchestrator, agent, tmp_path)
            os.close(ours)
            eventually(lambda: orchestrator.admin.robot(agent.robot_id)["draining"])
            assert orchestrator.job(job_id)["status"] == "running"
            (tmp_path / "gate").touch()
            job = orchestrator.wait_for(job_id)
            assert (job["status"], job["attempt"]) == ("completed", 1)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


def test_a_closed_terminal_leaves_nothing_but_the_agents_own_lines_in_its_log(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    """A shell tells the whole process group, multiprocessing's own helpers among it."""
    with start_agent(orchestrator, tmp_path, robot_id="closed") as agent:
        job_id = busy(orchestrator, agent, tmp_path)
        os.killpg(agent.pid, signal.SIGHUP)
        eventually(lambda: orchestrator.admin.robot("closed")["draining"])
        (tmp_path / "gate").touch()
        assert orchestrator.wait_for(job_id)["attempt"] == 1
        assert agent.program.wait(30) == 0
        lines = agent.program.tail(1000).splitlines()
        assert [line for line in lines if not line[:4].isdigit()] == []


_ON_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_with_nohup_it_outlives_its_terminal(orchestrator: Orchestrator, tmp_path: Path) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="nohup", prefix=("nohup",)) as agent:
        job_id = busy(orchestrator, agent, tmp_path)
        agent.program.signal(signal.SIGHUP)
        (tmp_path / "gate").touch()
        assert orchestrator.wait_for(job_id)["status"] == "completed"
        assert not orchestrator.admin.robot("nohup")["draining"]
        assert agent.stop() == 0


def test_a_log_that_nobody_reads_any_more_stops_nothing(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="unread") as agent:
        agent.stop()
        read_end, write_end = os.pipe()
        process = subprocess.Popen(
            agent.program.command,
            env=agent.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=write_end,
            stderr=write_end,
        )
        os.close(write_end)
        try:
            job_id = busy(orchestrator, agent, tmp_path)
            os.close(read_end)
            (tmp_path / "gate").touch()
            assert orchestrator.wait_for(job_id)["status"] == "completed"
            printing = workflows.shell("echo to nobody; echo at all >&2")
            job_id = orchestrator.submit(printing, robot_id=agent.robot_id)
            assert orchestrator.wait_for(job_id)["status"] == "completed"
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()


def test_stopping_twice_in_a_row_leaves_a_robot_that_works(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="again") as agent:
        for _ in range(2):
            assert agent.stop() == 0
            assert orchestrator.admin.robot("again")["status"] == "offline"
            agent.start()
            wait_until_online(agent)
        job_id = orchestrator.submit(workflows.quick(), robot_id="again")
        assert orchestrator.wait_for(job_id)["status"] == "completed"


def test_the_command_line_is_as_calm_in_its_first_moments(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    with start_agent(orchestrator, tmp_path, robot_id="calm") as agent:
        agent.stop()
        agent.program.command = [sys.executable, "-m", "casare_cli", "agent"]
        for step in range(5):
            agent.program.start()
            eventually(lambda: _obeys(agent.pid))
            after(step * 0.1)
            agent.program.signal(signal.SIGINT)
            assert agent.program.wait() == 0, agent.program.tail()
        assert "Traceback" not in agent.program.tail()
