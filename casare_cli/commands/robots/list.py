"""`casare-rpa robots list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.output import Column
from casare_cli.text import moment

COLUMNS = (
    Column("ROBOT", "robot_id"),
    Column("NAME", "name"),
    Column("STATUS", "status"),
    Column("ENVIRONMENT", "environment"),
    Column("JOBS", "current_job_ids", lambda ids: str(len(ids or ()))),
    Column("LAST SEEN", "last_seen", moment),
)


def run(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="Only robots with this status.")] = None,
    environment: Annotated[str | None, typer.Option(help="Only robots of this pool.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most this many.")] = 100,
    cursor: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="Go on at the next_cursor of the last list")
    ] = 0,
) -> None:
    """List the robots that the orchestrator knows.

    Examples:
        casare-rpa robots list --status idle
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.robots(status=status, environment=environment, limit=limit, offset=cursor)
    items = found["robots"]
    more = items and cursor + len(items) < int(found.get("total", 0))
    next_cursor = str(cursor + len(items)) if more else None
    app.out.list(items, COLUMNS, name="robot_id", next_cursor=next_cursor, empty="no robots")
