"""`casare-rpa jobs wait`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.terminal.values import duration_seconds


def run(
    ctx: typer.Context,
    job: JobId,
    wait_timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Wait no longer than this.")
    ] = None,
) -> int:
    """Wait until a job has ended; the exit code is its outcome.

    0 completed, 1 failed, 10 cancelled, 11 out of time or lost, 8 still running when
    --wait-timeout ran out.

    Examples:
        casare-rpa jobs wait job_1 --wait-timeout 10m --quiet
    """
    from casare_cli.following.follow import follow_job

    app: App = ctx.obj
    seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        return follow_job(app, client, job_id, steps=False, wait_seconds=seconds)
