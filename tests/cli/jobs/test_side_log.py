from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from tests.cli.support import Cli, Robot, error_of


@pytest.fixture
def late(robot: Robot, submit: Callable[..., str]) -> str:
    """A job that was given back, and whose first attempt still had something to say."""
    job_id = submit(robot)
    robot.claim()
    proof = robot.proof
    robot.client.release(job_id, {**proof, "reason": "drain"})
    now = datetime.now(UTC).isoformat()
    events = [
        {"type": "node.started", "timestamp": now, "data": {"node_id": f"n{number}"}}
        for number in range(1, 1200)
    ]
    events.append({"type": "log", "timestamp": now, "data": {"message": "the invoice is sent"}})
    robot.client.side_log(job_id, {**proof, "first_index": 7, "events": events})
    robot.run()
    return job_id


def test_what_came_too_late_is_shown_in_order(remote: Cli, late: str) -> None:
    shown = remote("jobs", "side-log", late)
    assert shown.returncode == 0
    assert "the invoice is sent" in shown.stdout
    listed = json.loads(remote("jobs", "side-log", late, "-o", "json").stdout)["items"]
    assert [event["seq"] for event in listed] == list(range(7, 1207))
    assert {event["attempt"] for event in listed} == {1}


def test_a_job_without_a_late_attempt_says_so(
    remote: Cli, robot: Robot, submit: Callable[..., str]
) -> None:
    submit(robot)
    job_id = robot.run()
    shown = remote.on_terminal("jobs", "side-log", job_id)
    assert (shown.code, "no attempt of this job was late" in shown.text) == (0, True)


def test_an_unknown_job_is_an_error(remote: Cli) -> None:
    shown = remote("jobs", "side-log", "nothing", "-o", "json")
    assert shown.returncode == 4
    assert "nothing" in error_of(shown)["message"]
