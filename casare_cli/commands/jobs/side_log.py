"""`casare-rpa jobs side-log`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, event_story, resolve_job_id
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment, plain
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_PAGE = 1000


COLUMNS = (
    Column("ATTEMPT", "attempt"),
    Column("EVENT", "seq"),
    Column("TIME", "timestamp", moment),
    Column("TYPE", "type"),
    Column("NODE", "data", lambda data: plain((data or {}).get("node_id"))),
    Column("", "data", event_story),
)


def run(ctx: typer.Context, job: JobId) -> None:
    """Show what attempts still had to say that had lost the job.

    A robot that was cut off, or killed and started again much later, brings the rest of its journal
    when the job is another robot's already. It is kept apart from the job's history, for a person
    who has to know what was done.

    Examples:
        casare-rpa jobs side-log 0199c0de-...
        casare-rpa jobs side-log @latest -o jsonl
    """
    app: App = ctx.obj
    with app.client() as client:
        events = list(_all(client, resolve_job_id(client, job)))
    app.out.list(events, COLUMNS, name="seq", empty="no attempt of this job was late")


def _all(client: OrchestratorClient, job_id: str) -> Iterator[Json]:
    attempt = after = 0
    while page := client.side_events(job_id, attempt=attempt, after=after, limit=_PAGE)["events"]:
        attempt, after = int(page[-1]["attempt"]), int(page[-1]["seq"])
        yield from page
