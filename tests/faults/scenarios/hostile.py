"""Jobs that mean no good, or might as well: what they may do to their robot."""

from __future__ import annotations

import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import psutil

from tests.agent import workflows
from tests.agent.checks import processes_with
from tests.faults.needs import linux
from tests.faults.scenario import SQLITE, scenario
from tests.faults.trial import Trial
from tests.support.fleet import Orchestrator, eventually
from tests.support.runs import chain, document, node

Json = dict[str, Any]
_PATIENCE_SECONDS = 90.0
_MIB = 1 << 20


@contextmanager
def watched_memory(pid: int) -> Iterator[list[int]]:
    """The memory of a process in bytes, ten times a second while the block runs."""
    seen = [psutil.Process(pid).memory_info().rss]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(psutil.Process(pid).memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def _still_works(trial: Trial, orchestrator: Orchestrator) -> None:
    """The next job of the same robot completes; the time until then is a figure."""
    (load,) = trial._loads
    with trial.timed():
        job = orchestrator.wait_for(load.run(workflows.quick()), seconds=_PATIENCE_SECONDS)
    assert job["status"] == "completed"


@scenario(
    "F48", figure="seconds per job", quick={"passes": 3000}, long={"passes": 100_000},
    databases=(SQLITE,),
)  # fmt: skip
def jobs_that_say_too_much(trial: Trial, passes: int) -> None:
    """Events too large, lines too long, events too many: nothing is lost, memory is bounded."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator, journal_max_bytes=_MIB)
    documents = {
        "50 MB of output": workflows.shell("head -c 50000000 /dev/zero | tr '\\0' x"),
        "a line of 1 MB": workflows.shell("head -c 1000000 /dev/zero | tr '\\0' x"),
        "events without a pause": workflows.counting(passes),
    }
    with watched_memory(agent.pid) as seen:
        for what, raw in documents.items():
            trial.strike()
            with trial.timed():
                job = orchestrator.wait_for(load.run(raw), seconds=600)
            assert job["status"] == "completed", f"{what}: {job['error_message']}"
            if what == "events without a pause":
                assert job["result"]["variables"]["n"] == passes
                last = orchestrator.history(job["job_id"])
                added = [e for e in last if e["type"] == "node.completed"]
                assert len(added) == job["result"]["nodes_executed"]
    trial.notes["agent's memory, MiB"] = max(seen) // _MIB
    assert max(seen) - seen[0] < 150 * _MIB
    _still_works(trial, orchestrator)


@scenario("F59", figure="bomb to the next job's end, s", quick={"processes": 300})
def fork_bomb(trial: Trial, processes: int) -> None:
    """A job with too many processes ends with all of them; the robot goes on.

    The bomb is bounded, because what the kernel itself refuses it refuses only to other users than
    root: see `job_processes`.
    """
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    trial.agent(orchestrator, job_processes=40)
    mark = f"4{trial.chance.randrange(10**6):06}"
    bomb = f"i=0; while [ $i -lt {processes} ]; do sleep {mark} & i=$((i+1)); done; wait"
    trial.strike()
    job = orchestrator.wait_for(load.run(workflows.shell(bomb)), seconds=_PATIENCE_SECONDS)
    assert (job["status"], job["error_type"]) == ("failed", "RESOURCE_EXHAUSTED"), job
    assert "job_processes" in job["error_message"]
    assert not processes_with(f"sleep {mark}")
    _still_works(trial, orchestrator)


@scenario("F61", figure="memory gone to the job's end, s")
def memory_hogs(trial: Trial) -> None:
    """A workflow, and a program that it starts, that take more memory than a job may have."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator, job_memory_bytes=256 * _MIB)
    script = "x = [bytearray(1 << 20) for _ in range(400)]; import time; time.sleep(60)"
    for raw in (_growing(), workflows.shell(f"python3 -c '{script}'")):
        trial.strike()
        with trial.timed(), watched_memory(agent.pid) as seen:
            job = orchestrator.wait_for(load.run(raw), seconds=_PATIENCE_SECONDS)
        found = (job["status"], job["failure_reason"], job["error_type"])
        assert found == ("failed", "out_of_memory", "MEMORY_ERROR"), job
        assert max(seen) - seen[0] < 100 * _MIB
    _still_works(trial, orchestrator)


def _growing() -> Json:
    """A text that grows by four megabytes with every pass."""
    return document(
        {
            "more": node("SetVariableNode", variable_name="y", value="0123456789abcdef" * 65536),
            "none": node("SetVariableNode", variable_name="x", value=""),
            "loop": node("ForLoopStartNode", mode="range", start=0, end=1000, step=1),
            "add": node("SetVariableNode", variable_name="x", value="{{x}}{{y}}{{y}}{{y}}{{y}}"),
            "again": node("ForLoopEndNode"),
        },
        chain("more", "none", "loop.body", "add", "again"),
    )


@scenario("F61", figure="cancel to the end, s")
def deaf_jobs(trial: Trial) -> None:
    """Loops that never look up and programs that ignore SIGTERM end within the grace periods."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    trial.agent(orchestrator, cancel_grace_seconds=1)
    for command in (
        "trap '' TERM INT HUP; while :; do :; done",
        "trap '' TERM; while :; do sleep 1; done",
        "python3 -c 'pow(7, 10**9)'",
    ):
        mark = f"mark{trial.chance.randrange(10**9)}"
        job_id = load.run(workflows.shell(f": {mark}; {command}"))
        eventually(lambda: processes_with(mark), what="the program")  # noqa: B023
        trial.strike()
        with trial.timed():
            orchestrator.admin.cancel(job_id)
            job = orchestrator.wait_for(job_id, seconds=_PATIENCE_SECONDS)
        assert job["status"] == "cancelled"
        assert not processes_with(mark)


@scenario("F62", figure="destruction to the next job's end, s", needs=(linux,))
def jobs_that_destroy_their_surroundings(trial: Trial) -> None:
    """A job that deletes its own folder, the temporary files or the journals harms itself alone."""
    orchestrator = trial.orchestrator(lease_seconds=30, lost_backoff_max_seconds=0.2)
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator)
    journals = agent.state_dir / "journal"
    for command in (
        'rm -rf "$PWD"',
        'rm -rf "$PWD"/.. ; ls',
        f"rm -rf {trial.temporary}/*",
        f"rm -rf {journals}",
        f"chmod 0 {journals}",
    ):
        trial.strike()
        job = orchestrator.wait_for(load.run(workflows.shell(command)), seconds=_PATIENCE_SECONDS)
        assert job["status"] in ("completed", "failed"), command
        assert agent.program.alive(), f"{command}\n{agent.program.tail()}"
        _still_works(trial, orchestrator)


@scenario("F62", figure="start to the next job's end, s", needs=(linux,))
def jobs_that_delete_all_that_the_agent_has(trial: Trial) -> None:
    """Without the socket to make processes with, the agent stops in order and can start again."""
    orchestrator = trial.orchestrator(lease_seconds=30, lost_backoff_max_seconds=0.2)
    load = trial.load(orchestrator)
    agent = trial.agent(orchestrator)
    trial.strike()
    command = workflows.shell(f"rm -rf {agent.state_dir}")
    job = orchestrator.wait_for(load.run(command), seconds=_PATIENCE_SECONDS)
    assert job["status"] in ("completed", "failed")
    assert agent.program.wait(_PATIENCE_SECONDS) == 1
    assert "was deleted" in agent.program.tail()
    agent.start()
    _still_works(trial, orchestrator)


@scenario("F64", figure="seconds until it answers again", needs=(linux,), databases=(SQLITE,))
def orchestrator_without_descriptors(trial: Trial) -> None:
    """Connections that find no descriptor wait; when some are free it answers, and lost nothing."""
    orchestrator = trial.orchestrator(lease_seconds=30)
    load = trial.load(orchestrator)
    trial.agent(orchestrator)
    before = load.run(workflows.waiting(4))
    pid = orchestrator.program.pid
    hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
    used = psutil.Process(pid).num_fds()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 8, hard))
    address = urlsplit(orchestrator.url)
    idle = [_connected(str(address.hostname), int(address.port or 0)) for _ in range(60)]
    trial.strike()
    time.sleep(2)  # the fault lasts so long
    assert orchestrator.program.alive()
    for each in idle:
        each.close()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
    with trial.timed():
        job = orchestrator.wait_for(before, seconds=_PATIENCE_SECONDS)
    assert (job["status"], job["attempt"]) == ("completed", 1)
    _still_works(trial, orchestrator)


def _connected(host: str, port: int) -> socket.socket:
    made = socket.socket()
    made.settimeout(5)
    made.connect((host, port))
    return made
