from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from casare_cli.jobs.filters import parse_filter
from casare_rpa.errors import InvalidInput

ALLOWED = ("pending", "running")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def job(**more: Any) -> dict[str, Any]:
    created = (NOW - timedelta(hours=1)).isoformat()
    about = {"robot_id": "r1", "environment": "lab", "tags": ["a", "b"], "created_at": created}
    return about | more


def test_everything_given_must_match() -> None:
    words = ["robot=r1 environment=lab tag=a", "tag=b older-than=30m"]
    wanted = parse_filter(words, allowed=ALLOWED)
    assert wanted.matches(job(), NOW)
    assert not wanted.matches(job(robot_id="r2"), NOW)
    assert not wanted.matches(job(environment="default"), NOW)
    assert not wanted.matches(job(tags=["a"]), NOW)
    assert not wanted.matches(job(created_at=NOW.isoformat()), NOW)


def test_without_a_status_all_that_the_command_acts_on_are_meant() -> None:
    assert parse_filter(["tag=a"], allowed=ALLOWED).statuses == ALLOWED
    assert parse_filter(["status=running"], allowed=ALLOWED).statuses == ("running",)
    assert parse_filter(["status=running,pending"], allowed=ALLOWED).statuses == (
        "running",
        "pending",
    )


def test_a_value_may_be_quoted() -> None:
    assert parse_filter(["workflow='Greet people'"], allowed=ALLOWED).workflow == "Greet people"


@pytest.mark.parametrize(
    "text",
    ["", "  ", "pending", "status=", "colour=red", "status=completed", "robot=a robot=b", "tag='a",
     "older-than=soon"],
)  # fmt: skip
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="--filter"):
        parse_filter([text], allowed=ALLOWED)
