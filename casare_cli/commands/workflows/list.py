"""`casare-rpa workflows list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.paging import AllOption, CursorOption, show_list
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

COLUMNS = (
    Column("WORKFLOW", "workflow_id"),
    Column("NAME", "workflow_name"),
    Column("VERSION", "version"),
    Column("UPDATED", "updated_at", moment),
    Column("DESCRIPTION", "description", spare=True),
)


def run(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="Only workflows of this name.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=500, help="At most this many [default: 100].")
    ] = None,
    cursor: CursorOption = None,
    all: AllOption = False,
) -> None:
    """List the workflows that the orchestrator keeps.

    Examples:
        casare-rpa workflows list -o name
    """
    app: App = ctx.obj
    with app.client() as client:
        show_list(
            app,
            lambda **page: client.workflows(name=name, **page),
            COLUMNS,
            member="workflows",
            name="workflow_id",
            limit=limit,
            cursor=cursor,
            all=all,
            usual=100,
            empty="no workflows",
        )
