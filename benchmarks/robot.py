"""How long a job takes from submit to completed, and what an agent costs while it does nothing.

    python benchmarks/robot.py [--jobs 50] [--idle-seconds 10]

Starts an orchestrator and an agent as processes of their own. The ratios are the point: the same
figures on a busy machine are larger, so the time of an empty HTTP call is measured beside them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.support.fleet import Agent, Orchestrator, eventually, start_agent, start_orchestrator
from tests.support.runs import document, node


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--idle-seconds", type=float, default=10.0)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        start_orchestrator(Path(folder), lease_seconds=60) as orchestrator,
        start_agent(orchestrator, Path(folder)) as agent,
    ):
        workflow_id = push(orchestrator)
        for _ in range(5):
            run_one(orchestrator, workflow_id)
        floor = [timed(orchestrator.admin.health) for _ in range(given.jobs)]
        latency = [run_one(orchestrator, workflow_id) for _ in range(given.jobs)]
        report("empty HTTP call", floor)
        report("submit -> completed", latency)
        print(f"ratio of the medians     {median(latency) / median(floor):8.1f}")
        print(f"jobs/s, one slot         {throughput(orchestrator, workflow_id, given.jobs):8.1f}")
        idle(agent, given.idle_seconds)


def push(orchestrator: Orchestrator) -> str:
    raw = document({"set": node("SetVariableNode", variable_name="x", value=1)})
    pushed = orchestrator.admin.push_workflow({"workflow_name": "b", "workflow_json": raw})
    return str(pushed["workflow_id"])


def run_one(orchestrator: Orchestrator, workflow_id: str) -> float:
    """Milliseconds until a watcher knows that the job is done; the robot is idle before it."""
    time.sleep(0.1)
    return timed(lambda: follow(orchestrator, submit(orchestrator, workflow_id)))


def submit(orchestrator: Orchestrator, workflow_id: str) -> str:
    return str(orchestrator.admin.submit({"workflow_id": workflow_id})["job_id"])


def follow(orchestrator: Orchestrator, job_id: str) -> None:
    after = 0
    while True:
        for event in orchestrator.admin.events(job_id, after=after, wait=10)["events"]:
            after = event["seq"]
            if event["type"] == "job.completed":
                return


def throughput(orchestrator: Orchestrator, workflow_id: str, count: int) -> float:
    started = time.perf_counter()
    jobs = [submit(orchestrator, workflow_id) for _ in range(count)]
    for job_id in jobs:
        orchestrator.wait_for(job_id)
    return count / (time.perf_counter() - started)


def idle(agent: Agent, seconds: float) -> None:
    process = psutil.Process(agent.pid)
    eventually(lambda: not agent.journals())
    before = process.cpu_times()
    time.sleep(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    print(f"idle agent, CPU          {100 * used / seconds:8.2f} %")
    print(f"idle agent, memory       {process.memory_info().rss / 1e6:8.1f} MB")
    for child in process.children(recursive=True):
        print(f"  a process below it     {child.memory_info().rss / 1e6:8.1f} MB")


def timed(call: Any) -> float:
    started = time.perf_counter()
    call()
    return (time.perf_counter() - started) * 1000


def median(values: list[float]) -> float:
    return statistics.median(values)


def report(name: str, values: list[float]) -> None:
    worst = sorted(values)[int(len(values) * 0.95) - 1]
    print(f"{name:24} {median(values):8.1f} ms median, {min(values):.1f} best, {worst:.1f} p95")


if __name__ == "__main__":
    main()
