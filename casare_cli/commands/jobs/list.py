"""`casare-rpa jobs list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs import LIST_COLUMNS


def run(
    ctx: typer.Context,
    status: Annotated[str | None, typer.Option(help="Only jobs with this status.")] = None,
    workflow: Annotated[str | None, typer.Option(help="Only jobs of this workflow.")] = None,
    robot: Annotated[str | None, typer.Option(help="Only jobs of this robot.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most this many.")] = 50,
    cursor: Annotated[
        int, typer.Option(min=0, metavar="CURSOR", help="Go on at the next_cursor of the last list")
    ] = 0,
) -> None:
    """List jobs, newest first.

    Examples:
        casare-rpa jobs list --status failed
        casare-rpa jobs list -o json | jq -r '.items[].job_id'
        casare-rpa jobs list --workflow invoices -o name
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.jobs(
            status=status, workflow_id=workflow, robot_id=robot, limit=limit, offset=cursor
        )
    jobs = found["jobs"]
    more = cursor + len(jobs) < int(found.get("total", 0)) and jobs
    next_cursor = str(cursor + len(jobs)) if more else None
    app.out.list(jobs, LIST_COLUMNS, name="job_id", next_cursor=next_cursor, empty="no jobs")
