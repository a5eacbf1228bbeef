"""`casare-rpa jobs retry`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.jobs import JobId, resolve_job_id
from casare_cli.output import Format


def run(ctx: typer.Context, job: JobId) -> None:
    """Run a failed, cancelled or timed-out job again, as a new job with the same input.

    Prints the new job's id.

    Examples:
        casare-rpa jobs watch $(casare-rpa jobs retry job_1)
    """
    app: App = ctx.obj
    with app.client() as client:
        result = client.retry(resolve_job_id(client, job))
    if app.out.format in (Format.TABLE, Format.NAME):
        app.out.line(str(result["new_job_id"]))
    else:
        app.out.item(result, (), name="new_job_id")
