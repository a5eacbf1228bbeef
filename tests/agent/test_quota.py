from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from agent.attempt import Stop
from agent.job import endings
from agent.job.quota import Quota
from casare_rpa.settings import Settings
from tests.support.fleet import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of the Linux kernel")
MIB = 1 << 20

#: Forks until the kernel refuses, as a user that is not root; prints how often it could.
FORKS = """
import os, time
from agent.job.limits import hold
if os.getuid() == 0:
    os.setuid(65500)  # a user that has no other process
hold(0, 5)
made = 0
try:
    while made < 50:
        if os.fork() == 0:
            time.sleep(5)
            os._exit(0)
        made += 1
except BlockingIOError:
    pass
print(made, flush=True)
"""
ALLOCATES = """
from agent.job.limits import hold
hold(32 << 20, 0)
kept = []
try:
    while len(kept) < 1000:
        kept.append(bytearray(1 << 20))
except MemoryError:
    pass
print(len(kept), flush=True)
"""


OUT_OF_DESCRIPTORS = """
import resource, psutil
from agent.job.quota import _memory
process = psutil.Process()
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (3, most))
print(_memory(process), flush=True)
"""


def printed_by(program: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return int(done.stdout)


def test_the_kernel_refuses_more_processes_than_a_job_may_have() -> None:
    assert printed_by(FORKS) <= 5


def test_the_kernel_refuses_memory_far_beyond_what_a_job_may_take() -> None:
    """Ten times the limit: the agent is to see it first, and to say why the job ends."""
    assert 32 <= printed_by(ALLOCATES) <= 321


def test_a_look_that_the_machine_has_no_means_for_ends_no_job() -> None:
    assert printed_by(OUT_OF_DESCRIPTORS) == 0


def held(**limits: Any) -> Quota:
    return Quota(replace(Settings(), **limits))


def test_without_limits_nobody_looks() -> None:
    quota = held()
    assert quota.due_seconds() is None
    assert quota.exceeded(os.getpid()) is None


def test_a_tree_with_too_many_processes_is_seen(tmp_path: Path) -> None:
    shell = "for i in 1 2 3 4 5; do sleep 30 & done; wait"
    process = subprocess.Popen(["sh", "-c", shell])
    try:
        eventually(lambda: len(psutil.Process(process.pid).children()) == 5)
        assert held(job_processes=5).exceeded(process.pid) is None
        assert held(job_processes=4).exceeded(process.pid) is Stop.TOO_MANY_PROCESSES
    finally:
        for each in psutil.Process(process.pid).children(recursive=True):
            each.kill()
        process.wait(10)


def test_a_tree_with_too_much_memory_is_seen() -> None:
    hog = [sys.executable, "-c", "x = bytearray(80 << 20); import time; time.sleep(30)"]
    guard = subprocess.Popen(["sh", "-c", '"$@" & wait', "sh", *hog])
    try:
        quota = held(job_memory_bytes=40 * MIB)
        eventually(lambda: quota.exceeded(guard.pid) is Stop.OUT_OF_MEMORY)
        assert quota.starving
        assert held(job_memory_bytes=1000 * MIB).exceeded(guard.pid) is None
    finally:
        for each in psutil.Process(guard.pid).children(recursive=True):
            each.kill()
        guard.wait(10)


@pytest.mark.parametrize("number", [-9, 137, 139, -11, 134])
def test_a_process_that_dies_of_hunger_is_out_of_memory(number: int) -> None:
    ending = endings.ending(None, None, exit_code=number, ready=True, starving=True)
    assert ending["finish"]["failure_reason"] == "out_of_memory"
    ending = endings.ending(None, None, exit_code=number, ready=True, starving=False)
    assert ending["finish"]["failure_reason"] == "workflow_error"
