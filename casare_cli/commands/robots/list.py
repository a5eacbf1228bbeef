"""`casare-rpa robots list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.paging import AllOption, CursorOption, show_list
from casare_cli.lists.robots import rest
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

COLUMNS = (
    Column("ROBOT", "robot_id"),
    Column("NAME", "name"),
    Column("STATUS", "status"),
    Column("ENVIRONMENT", "environment"),
    Column("JOBS", "current_job_ids", lambda ids: str(len(ids or ()))),
    Column("LAST SEEN", "last_seen", moment),
    Column("RESTS", "", rest),
)


def run(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="Only robots with this status.")] = None,
    environment: Annotated[str | None, typer.Option(help="Only robots of this pool.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=500, help="At most this many [default: 100].")
    ] = None,
    cursor: CursorOption = None,
    all: AllOption = False,
) -> None:
    """List the robots that the orchestrator knows.

    Examples:
        casare-rpa robots list --status idle
    """
    app: App = ctx.obj
    with app.client() as client:
        show_list(
            app,
            lambda **page: client.robots(status=status, environment=environment, **page),
            COLUMNS,
            member="robots",
            name="robot_id",
            limit=limit,
            cursor=cursor,
            all=all,
            usual=100,
            empty="no robots",
        )
