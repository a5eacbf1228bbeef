"""`--filter 'status=pending workflow=x older-than=2h'`: which jobs a command acts on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.jobs.shown import resolve_workflow_id
from casare_cli.pages import LARGEST_PAGE, pages, patiently
from casare_cli.terminal.output import Output
from casare_cli.terminal.values import duration_seconds
from casare_rpa.domain.json_values import Json
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


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Everything that is given must match; of several statuses one, of several tags all."""

    statuses: tuple[str, ...]
    workflow: str | None = None
    tags: frozenset[str] = frozenset()
    robot: str | None = None
    environment: str | None = None
    older_than_seconds: float | None = None

    def query(self, now: datetime) -> Json:
        """What GET /jobs is asked with; the workflow's id goes beside it."""
        return {
            "status": list(self.statuses),
            "tag": sorted(self.tags) or None,
            "robot_id": self.robot,
            "environment": self.environment,
            "until": self._until(now),
        }

    def _until(self, now: datetime) -> str | None:
        if self.older_than_seconds is None:
            return None
        return (now - timedelta(seconds=self.older_than_seconds)).isoformat()


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
    out: Output, client: OrchestratorClient, wanted: JobFilter, *, run_again: bool | None = None
) -> list[Json]:
    """All jobs that match now, the oldest first. Raises NotFound for an unknown workflow.

    With *run_again* only those that another job repeats, or that none does.
    """
    asked = wanted.query(datetime.now(UTC)) | {"run_again": run_again}
    asked["workflow_id"] = patiently(out, lambda: resolve_workflow_id(client, wanted.workflow))
    # The newest come first, so that a job made meanwhile lengthens no page that is still to come.
    found = pages(out, partial(client.jobs, **asked), limit=LARGEST_PAGE)
    return [job for page in found for job in page["jobs"]][::-1]


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
