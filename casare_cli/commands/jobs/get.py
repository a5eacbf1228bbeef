"""`casare-rpa jobs get`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import COLUMNS, JobId, resolve_job_id


def run(ctx: typer.Context, job: JobId) -> None:
    """Show a job: its status, input, result and error.

    Examples:
        casare-rpa jobs get @latest
        casare-rpa jobs get job_1 -o json | jq .result.variables
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.job(resolve_job_id(client, job))
    app.out.item(found, COLUMNS, name="job_id")
