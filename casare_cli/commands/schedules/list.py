"""`casare-rpa schedules list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import resolve_workflow_id
from casare_cli.lists.paging import AllOption, CursorOption, show_list
from casare_cli.lists.schedules import LIST_COLUMNS


def run(
    ctx: typer.Context,
    workflow: Annotated[
        str | None, typer.Option(help="Only schedules of this workflow (its id or name).")
    ] = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Only those switched on, or off.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=1000, help="At most this many [default: 100].")
    ] = None,
    cursor: CursorOption = None,
    all: AllOption = False,
) -> None:
    """List schedules, newest first.

    Examples:
        casare-rpa schedules list --enabled
        casare-rpa schedules list -o json | jq -r '.items[] | select(.last_error) | .schedule_name'
    """
    app: App = ctx.obj
    with app.client() as client:
        workflow_id = resolve_workflow_id(client, workflow)
        show_list(
            app,
            lambda **page: client.schedule_page(workflow_id=workflow_id, enabled=enabled, **page),
            LIST_COLUMNS,
            member="schedules",
            name="schedule_id",
            limit=limit,
            cursor=cursor,
            all=all,
            usual=100,
            empty="no schedules",
        )
