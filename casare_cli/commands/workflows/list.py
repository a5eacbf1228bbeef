"""`casare-rpa workflows list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.output import Column
from casare_cli.text import moment

COLUMNS = (
    Column("WORKFLOW", "workflow_id"),
    Column("NAME", "workflow_name"),
    Column("VERSION", "version"),
    Column("UPDATED", "updated_at", moment),
    Column("DESCRIPTION", "description"),
)


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="Only workflows of this name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most this many.")] = 100,
    cursor: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="Go on at the next_cursor of the last list")
    ] = 0,
) -> None:
    """List the workflows that the orchestrator keeps.

    Examples:
        casare-rpa workflows list -o name
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.workflows(limit=limit, offset=cursor, name=name)
    items = found["workflows"]
    more = items and cursor + len(items) < int(found.get("total", 0))
    next_cursor = str(cursor + len(items)) if more else None
    app.out.list(items, COLUMNS, name="workflow_id", next_cursor=next_cursor, empty="no workflows")
