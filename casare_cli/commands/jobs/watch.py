"""`casare-rpa jobs watch`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.terminal.values import duration_seconds


def run(
    ctx: typer.Context,
    job: JobId,
    after: Annotated[
        int, typer.Option(min=0, help="Start behind the event with this sequence number.")
    ] = 0,
    wait_timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Stop watching after this time.")
    ] = None,
) -> int:
    """Follow a job's steps until it ends.

    The exit code is the job's outcome: 0 completed, 1 failed, 10 cancelled, 11 out of time or
    lost, 8 still running when --wait-timeout ran out. Ctrl-C stops watching, not the job. With
    `-o jsonl` every event is a line of JSON, with `-o json` the finished job is printed.

    Examples:
        casare-rpa jobs watch @latest
        casare-rpa jobs watch job_1 -o jsonl | jq -r .type
    """
    from casare_cli.following.follow import follow_job

    app: App = ctx.obj
    seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        return follow_job(app, client, job_id, steps=True, after=after, wait_seconds=seconds)
