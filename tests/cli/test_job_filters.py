from __future__ import annotations

from datetime import UTC, datetime

import pytest

from casare_cli.jobs.filters import parse_filter
from casare_rpa.errors import InvalidInput

ALLOWED = ("pending", "running")
NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def test_the_server_is_asked_for_everything_that_is_given() -> None:
    words = ["robot=r1 environment=lab tag=b", "tag=a older-than=30m"]
    assert parse_filter(words, allowed=ALLOWED).query(NOW) == {
        "status": ["pending", "running"],
        "tag": ["a", "b"],
        "robot_id": "r1",
        "environment": "lab",
        "until": "2026-11-30T11:30:00+00:00",
    }


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
