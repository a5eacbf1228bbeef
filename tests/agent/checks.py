"""What must hold after every scenario."""

from __future__ import annotations

import signal
from typing import Any

import psutil

from tests.support.fleet import Agent, Orchestrator, eventually

Json = dict[str, Any]
TERMINAL = frozenset({"job.completed", "job.failed", "job.cancelled"})


def types(history: list[Json], attempt: int | None = None) -> list[str]:
    """The types of the events of one attempt, without progress."""
    return [
        event["type"]
        for event in history
        if event["type"] != "progress" and attempt in (None, event["attempt"])
    ]


def sound_history(orchestrator: Orchestrator, job_id: str) -> list[Json]:
    """The job's history, numbered without a hole, with one terminal event, the last one."""
    history = orchestrator.history(job_id)
    assert [event["seq"] for event in history] == list(range(1, len(history) + 1))
    ends = [event["seq"] for event in history if event["type"] in TERMINAL]
    assert ends == [len(history)]
    for event_type in ("node.started", "node.completed"):
        seen = [
            (event["attempt"], event["data"]["node_id"])
            for event in history
            if event["type"] == event_type
        ]
        assert len(seen) == len(set(seen)), f"{event_type} twice"
    return history


def processes_with(mark: str) -> list[psutil.Process]:
    """The processes that have *mark* in their command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        dead = process.info["status"] == psutil.STATUS_ZOMBIE
        if not dead and mark in " ".join(process.info["cmdline"] or ()):
            found.append(process)
    return found


def wait_until_gone(mark: str, seconds: float = 30.0) -> None:
    eventually(lambda: not processes_with(mark), seconds, f"the end of {mark}")


def stop_three_times(agent: Agent) -> None:
    """Send SIGTERM thrice, each when the agent has obeyed the one before.

    The system keeps one signal of a kind for a process that does not get to run, no second one.
    """
    for obeyed in ("no new jobs", "stopped and given back"):
        agent.program.signal(signal.SIGTERM)
        eventually(lambda text=obeyed: agent.program.says(text))  # type: ignore[misc]
    agent.program.signal(signal.SIGTERM)
