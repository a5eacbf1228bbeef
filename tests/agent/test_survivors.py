"""What cannot be killed is reported, and holds up nobody else.

A process that resists SIGKILL is one that hangs in the kernel, or one of another user: a program
that a job started through sudo. Here it is the latter, made real: the agent runs without the right
to signal other users' processes, and its job changes the user.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.agent import workflows
from tests.agent.checks import processes_with, sound_history
from tests.support.fleet import Orchestrator, eventually, start_agent

pytestmark = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="it takes root and setpriv to make a process that this user's agent cannot kill",
)
_WITHOUT_KILL = ("setpriv", "--bounding-set=-kill", "--inh-caps=-kill")


def test_processes_that_cannot_be_ended_are_named_and_hold_up_nobody(
    orchestrator: Orchestrator, tmp_path: Path
) -> None:
    seconds = 100_000 + os.getpid()  # a mark that stands in the command line
    mark = f"sleep {seconds}"
    with start_agent(
        orchestrator, tmp_path, robot_id="weak", prefix=_WITHOUT_KILL, cancel_grace_seconds=0.3
    ) as agent:
        command = f"setpriv --reuid=65534 --clear-groups {mark}"
        job_id = orchestrator.submit(workflows.shell(command), robot_id="weak")
        try:
            (immortal,) = eventually(lambda: _of_another_user(mark))
            orchestrator.admin.cancel(job_id)
            job = orchestrator.wait_for(job_id, seconds=90)
            assert job["status"] == "cancelled", agent.program.tail()
            named = f"{immortal} (sleep, sleeping, of "
            messages = [
                event["data"]["message"]
                for event in sound_history(orchestrator, job_id)
                if event["type"] == "log"
            ]
            assert any(named in message for message in messages)
            assert named in agent.program.tail()
            after = orchestrator.submit(workflows.quick(), robot_id="weak")
            assert orchestrator.wait_for(after)["status"] == "completed"
            assert _of_another_user(mark) == [immortal]
        finally:
            for process in processes_with(mark):
                process.kill()


def _of_another_user(mark: str) -> list[int]:
    return [process.pid for process in processes_with(mark) if process.uids().effective == 65534]
