"""`casare-rpa jobs list`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import LIST_COLUMNS, check_robot, resolve_workflow_id
from casare_cli.lists.paging import AllOption, CursorOption, show_list
from casare_cli.terminal.values import time_or_ago
from casare_rpa.domain.jobs import JobStatus
from casare_rpa.errors import InvalidInput


class Sort(StrEnum):
    """The orders of a list of jobs."""

    NEWEST = "-created"
    OLDEST = "created"
    ENDED_LAST = "-ended"
    ENDED_FIRST = "ended"
    MOST_URGENT = "priority"
    LEAST_URGENT = "-priority"


def run(
    ctx: typer.Context,
    status: Annotated[
        list[str] | None,
        typer.Option(
            help="Only jobs with this status; repeatable, or with commas between.",
            autocompletion=_statuses,
        ),
    ] = None,
    workflow: Annotated[
        str | None, typer.Option(help="Only jobs of this workflow (its id or name).")
    ] = None,
    robot: Annotated[
        str | None, typer.Option(help="Only jobs that this robot has or had, or that wait for it.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Only jobs with this tag; repeatable: with all of them."),
    ] = None,
    environment: Annotated[str | None, typer.Option(help="Only jobs of this pool.")] = None,
    priority: Annotated[
        int | None, typer.Option(min=0, max=20, help="Only jobs of this priority.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only jobs made since then: 2h (ago), or an ISO time."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only jobs made before that.")
    ] = None,
    ended_since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only jobs that ended since then.")
    ] = None,
    ended_until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only jobs that ended before that.")
    ] = None,
    sort: Annotated[
        Sort | None,
        typer.Option(help="By created, ended or priority (0 first); with - the other way round."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=500, help="At most this many [default: 50].")
    ] = None,
    cursor: CursorOption = None,
    all: AllOption = False,
) -> None:
    """List jobs, newest first; with --ended-since or --ended-until those that ended last first.

    Sorted by ended there are only jobs that have ended, by priority only those that have not.

    Examples:
        casare-rpa jobs list --status failed,timeout --ended-since 2h
        casare-rpa jobs list --status pending --sort priority
        casare-rpa jobs list --tag nightly --since 2026-11-30T22:00Z --all -o jsonl
        casare-rpa jobs list --workflow invoices -o name
    """
    app: App = ctx.obj
    filters = {
        "status": _chosen(status or ()),
        "robot_id": robot,
        "tag": tag,
        "environment": environment,
        "priority": priority,
        "since": time_or_ago(since, "--since"),
        "until": time_or_ago(until, "--until"),
        "ended_since": time_or_ago(ended_since, "--ended-since"),
        "ended_until": time_or_ago(ended_until, "--ended-until"),
        "sort": sort,
    }
    with app.client() as client:
        workflow_id = resolve_workflow_id(client, workflow)
        check_robot(client, robot)
        show_list(
            app,
            lambda **page: client.jobs(workflow_id=workflow_id, **filters, **page),
            LIST_COLUMNS,
            member="jobs",
            name="job_id",
            limit=limit,
            cursor=cursor,
            all=all,
            usual=50,
            empty="no jobs",
        )


def _statuses() -> list[str]:
    """What a list can show: nothing is ever stored as queued."""
    return [status for status in JobStatus if status is not JobStatus.QUEUED]


def _chosen(texts: Sequence[str]) -> list[str] | None:
    """The statuses that the option names, None for all. Raises InvalidInput for an unknown one."""
    words = [word for text in texts for word in text.split(",")]
    for word in words:
        if word not in set(JobStatus):
            raise InvalidInput(
                f"--status: {word!r} is no status of a job",
                hint=f"One of {', '.join(_statuses())}.",
            )
    return words or None
