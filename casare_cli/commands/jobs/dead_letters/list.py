"""`casare-rpa jobs dead-letters list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import resolve_workflow_id
from casare_cli.lists.dead_letters import LIST_COLUMNS
from casare_cli.lists.paging import AllOption, CursorOption, show_list


def run(
    ctx: typer.Context,
    workflow: Annotated[
        str | None, typer.Option(help="Only of this workflow (its id or name).")
    ] = None,
    with_retried: Annotated[
        bool, typer.Option("--with-retried", help="Also those run again.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, max=500, help="At most this many [default: 50].")
    ] = None,
    cursor: CursorOption = None,
    all: AllOption = False,
) -> None:
    """List jobs that failed for good and were not run again yet, newest first.

    A job gets here when its retries are used up, when trying again could not help (a business
    error, a wrong workflow), when it lost its robot too often, or once if its on_lost is fail.

    Examples:
        casare-rpa jobs dead-letters list
        casare-rpa jobs dead-letters list -o json | jq -r '.items[].error_message'
        casare-rpa jobs dead-letters list -o name | xargs -n1 casare-rpa jobs dead-letters retry
    """
    app: App = ctx.obj
    with app.client() as client:
        workflow_id = resolve_workflow_id(client, workflow)
        show_list(
            app,
            lambda **page: client.dead_letters(
                workflow_id=workflow_id, pending_only=not with_retried, **page
            ),
            LIST_COLUMNS,
            member="entries",
            name="id",
            limit=limit,
            cursor=cursor,
            all=all,
            usual=50,
            empty="no dead letters",
        )
