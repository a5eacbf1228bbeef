from __future__ import annotations

from typing import Any

import pytest

from agent.attempt import Stop
from agent.job.endings import ending, naming_survivors
from agent.job.life import LEASE_EXPIRED, SURVIVORS_LEFT


def said(status: str) -> dict[str, Any]:
    return {"status": status, "result": {"variables": {}}}


@pytest.mark.parametrize("stop", list(Stop))
@pytest.mark.parametrize("status", ["completed", "failed"])
def test_an_outcome_that_came_before_the_stop_stands(stop: Stop, status: str) -> None:
    found = ending(said(status), stop, exit_code=0, ready=True)
    assert found["finish"]["status"] == status


@pytest.mark.parametrize(
    ("stop", "status", "reason"),
    [
        (Stop.CANCEL, "cancelled", "cancelled"),
        (Stop.TIMEOUT, "timeout", "timeout"),
        (Stop.DISK_FULL, "failed", "disk_full"),
        (Stop.EXPIRED, "failed", "lease_lost"),
    ],
)
@pytest.mark.parametrize("outcome", [said("cancelled"), None])
def test_a_process_that_was_stopped_ends_as_its_stop_says(
    stop: Stop, status: str, reason: str, outcome: dict[str, Any] | None
) -> None:
    found = ending(outcome, stop, exit_code=0, ready=True)["finish"]
    assert (found["status"], found["failure_reason"]) == (status, reason)


def test_a_drained_job_is_given_back_not_ended() -> None:
    found = ending(said("cancelled"), Stop.DRAIN, exit_code=0, ready=True)
    assert found == {"kind": "outcome", "release": "agent_stop"}


def test_a_process_that_dies_says_how() -> None:
    found = ending(None, None, exit_code=137, ready=True)["finish"]
    assert found["status"] == "failed"
    assert "SIGKILL" in found["error_message"]


def test_a_process_that_dies_before_it_is_ready_did_not_start() -> None:
    found = ending(None, None, exit_code=1, ready=False)["finish"]
    assert found["failure_reason"] == "process_start_failed"


def test_a_tree_that_the_guard_ended_lost_its_lease() -> None:
    found = ending(None, None, exit_code=LEASE_EXPIRED, ready=True)["finish"]
    assert found["failure_reason"] == "lease_lost"


def test_processes_that_could_not_be_ended_are_named_where_the_job_says_why_it_ended() -> None:
    left = "1 processes could not be ended: 7 (sudo, sleeping, of root)"
    died = naming_survivors(ending(None, None, exit_code=SURVIVORS_LEFT, ready=True), left)
    assert died["finish"]["error_message"] == f"the job's process ended without saying why; {left}"
    for silent in (
        ending(said("completed"), None, exit_code=SURVIVORS_LEFT, ready=True),
        ending(None, Stop.DRAIN, exit_code=SURVIVORS_LEFT, ready=True),
    ):
        assert naming_survivors(silent, left) == silent
