"""Many robots wait for few jobs."""

from __future__ import annotations

import threading
from collections.abc import Sized
from functools import partial
from typing import Any

import pytest

from tests.orchestrator.support import Running, eventually


def _wait_with(server: Running, count: int) -> tuple[list[threading.Thread], list[Any]]:
    """That many robots, each waiting for a job; and what they got."""
    robots = [(f"r{number}", server.robot(f"r{number}")) for number in range(count)]
    granted: list[Any] = []

    def wait(robot: Any) -> None:
        granted.append(robot.claim({"wait_seconds": 25}))

    threads = [threading.Thread(target=wait, args=(robot,)) for _, robot in robots]
    for thread in threads:
        thread.start()
    eventually(lambda: server.admin.robots()["total"] == count)
    return threads, granted


def test_each_of_many_jobs_goes_to_one_of_many_waiting_robots(server: Running) -> None:
    server.push()
    threads, granted = _wait_with(server, 12)
    jobs = {server.admin.submit({"workflow_id": "my-workflow"})["job_id"] for _ in range(12)}
    for thread in threads:
        thread.join(timeout=60)
    assert {grant["job_id"] for grant in granted} == jobs and len(granted) == 12


def _has(found: Sized, expected: int) -> bool:
    return len(found) == expected


@pytest.mark.usefixtures("only_hints")
def test_one_job_wakes_one_robot_and_the_next_another(server: Running) -> None:
    server.push()
    threads, granted = _wait_with(server, 10)
    for expected in range(1, 6):
        server.admin.submit({"workflow_id": "my-workflow"})
        eventually(partial(_has, granted, expected))
    assert all(granted), "one woke without a job"
    server.orchestrator.stop()
    for thread in threads:
        thread.join(timeout=60)
    assert sum(grant is not None for grant in granted) == 5


@pytest.mark.usefixtures("only_hints")
def test_a_job_for_one_robot_finds_it_among_many(server: Running) -> None:
    server.push()
    threads, granted = _wait_with(server, 10)
    server.admin.submit({"workflow_id": "my-workflow", "robot_id": "r7"})
    eventually(lambda: granted, within_seconds=20)  # the waiting ends, with a look, after 25 s
    assert server.admin.jobs()["jobs"][0]["robot_id"] == "r7"
    server.orchestrator.stop()
    for thread in threads:
        thread.join(timeout=60)
