"""A job's process whose agent dies before the run may start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from tests.agent import workflows

#: `agent.process.run` as a launcher starts it, with an agent that hangs up.
RUNS = """
import sys
from multiprocessing import Pipe
from agent.job import frames
from agent.job import process

agent, job = Pipe()
agent.send_bytes(frames.JOB + sys.stdin.buffer.read())
if sys.argv[1] == "before it is ready":
    agent.close()
else:
    import threading
    threading.Thread(target=lambda: (agent.recv_bytes(), agent.close())).start()
sys.exit(process.run(job))
"""

#: A process that is forked by an agent which dies before it has said what for.
FORKS = """
import multiprocessing, os, sys
from multiprocessing import forkserver

multiprocessing.get_context("forkserver").set_forkserver_preload(["agent.job.preload"])
from_child, to_child = forkserver.connect_to_new_process([])
os.write(to_child, bytes.fromhex(sys.argv[1]))
os.close(to_child)
os.read(from_child, 8)  # its process id
print(int.from_bytes(os.read(from_child, 8), sys.byteorder, signed=True))
"""


@pytest.mark.parametrize("sent", ["", "8004"], ids=["nothing", "half of it"])
def test_a_process_that_was_not_told_what_to_be_ends_in_silence(sent: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, sent], capture_output=True, timeout=100, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, b"1", b"")


@pytest.mark.parametrize("when", ["before it is ready", "before it may start"])
def test_a_job_without_an_agent_ends_in_silence_and_runs_nothing(tmp_path: Path, when: str) -> None:
    ledger = tmp_path / "ledger"
    job = {
        "workflow_json": workflows.shell(f"echo ran >> '{ledger}'"),
        "work_dir": str(tmp_path),
        "environment": {},
        "browser_path": "",
        "memory_bytes": 0,
        "processes": 0,
    }
    done = subprocess.run(
        [sys.executable, "-c", RUNS, when],
        input=orjson.dumps(job),
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not ledger.exists()
