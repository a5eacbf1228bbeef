from __future__ import annotations

import pytest

from agent import exit_codes as agent_codes
from casare_cli import exit_codes


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("completed", None, 0),
        ("failed", "workflow_error", 1),
        ("failed", "agent_lost", 11),
        ("failed", "crash_limit", 11),
        ("cancelled", "cancelled", 10),
        ("timeout", "timeout", 11),
        ("pending", None, 8),
        ("running", None, 8),
    ],
)
def test_the_exit_code_says_how_a_job_ended(status: str, reason: str | None, code: int) -> None:
    assert exit_codes.of_job(status, reason) == code


def test_an_agent_that_runs_one_job_exits_as_waiting_for_it_would() -> None:
    for status in ("completed", "failed", "cancelled", "timeout"):
        assert agent_codes.of_outcome(status) == exit_codes.of_job(status)


def test_every_code_is_explained() -> None:
    used = {
        exit_codes.of_job(s) for s in ("completed", "failed", "cancelled", "timeout", "running")
    }
    agent = {agent_codes.KEY_REFUSED, agent_codes.BAD_CONFIGURATION, agent_codes.SUPERSEDED}
    assert used | agent <= set(exit_codes.MEANINGS)
