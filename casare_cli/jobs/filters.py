"""`--filter 'status=pending workflow=x older-than=2h'`: which jobs a command acts on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.jobs.shown import resolve_workflow_id
from casare_cli.terminal.output import Json
from casare_cli.terminal.values import duration_seconds
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

FilterOption = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="FILTER",
        help="All jobs that match: status=, workflow=, tag=, robot=, environment=, older-than=.",
    ),
]
_KEYS = ("status", "workflow", "tag", "robot", "environment", "older-than")
_HINT = f"Write it like 'status=pending workflow=x older-than=2h'; known: {', '.join(_KEYS)}."
_PAGE = 500
#: Jobs that no longer match move later ones forward in the list: pages overlap by this many.
_OVERLAP = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Everything that is given must match; of several statuses one, of several tags all."""

    statuses: tuple[str, ...]
    workflow: str | None = None
    tags: frozenset[str] = frozenset()
    robot: str | None = None
    environment: str | None = None
    older_than_seconds: float | None = None

    def matches(self, job: Json, now: datetime) -> bool:
        age_seconds = (now - datetime.fromisoformat(job["created_at"])).total_seconds()
        return (
            self.robot in (None, job["robot_id"])
            and self.environment in (None, job["environment"])
            and self.tags.issubset(job["tags"])
            and age_seconds > (self.older_than_seconds or float("-inf"))
        )


def parse_filter(words: Sequence[str], *, allowed: Sequence[str]) -> JobFilter:
    """The filter that *words* say; without a status those that are *allowed*.

    Raises InvalidInput, also for a status that is not allowed and for a filter that says nothing.
    """
    given: dict[str, list[str]] = {}
    for word in (part for text in words for part in _split(text)):
        key, _, value = word.partition("=")
        if key not in _KEYS or not value:
            raise InvalidInput(f"--filter: {word!r} is no filter", hint=_HINT)
        given.setdefault(key, []).append(value)
    if not given:
        raise InvalidInput("--filter: an empty filter would mean every job", hint=_HINT)
    return JobFilter(
        statuses=_statuses(given.get("status", []), allowed),
        workflow=_single(given, "workflow"),
        tags=frozenset(given.get("tag", ())),
        robot=_single(given, "robot"),
        environment=_single(given, "environment"),
        older_than_seconds=duration_seconds(_single(given, "older-than"), "--filter older-than"),
    )


def matching_jobs(
    client: OrchestratorClient, wanted: JobFilter, *, run_again: bool | None = None
) -> list[Json]:
    """All jobs that match now, the oldest first. Raises NotFound for an unknown workflow.

    With *run_again* only those that another job repeats, or that none does.
    """
    workflow = wanted.workflow
    workflow_id = resolve_workflow_id(client, workflow)
    found: dict[str, Json] = {}
    offset, now = 0, datetime.now(UTC)
    while True:
        page = client.jobs(
            status=list(wanted.statuses),
            workflow_id=workflow_id,
            run_again=run_again,
            limit=_PAGE,
            offset=offset,
        )["jobs"]
        found |= {job["job_id"]: job for job in page if wanted.matches(job, now)}
        if len(page) < _PAGE:
            return list(reversed(found.values()))
        offset += _PAGE - _OVERLAP


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidInput(f"--filter: {text!r}: {error}", hint=_HINT) from None


def _single(given: dict[str, list[str]], key: str) -> str | None:
    values = given.get(key, [])
    if len(values) > 1:
        raise InvalidInput(f"--filter: {key} is given {len(values)} times, which nothing matches")
    return values[0] if values else None


def _statuses(given: Sequence[str], allowed: Sequence[str]) -> tuple[str, ...]:
    words = [word for value in given for word in value.split(",")]
    for word in words:
        if word not in allowed:
            raise InvalidInput(
                f"--filter: status={word} is none that this command acts on",
                hint=f"It acts on {', '.join(allowed)}.",
            )
    return tuple(words or allowed)
