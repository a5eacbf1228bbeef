"""`casare-rpa jobs cancel`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.jobs import JobId, resolve_job_id
from casare_rpa.errors import InvalidTransition


def run(ctx: typer.Context, job: JobId) -> None:
    """Stop a job: one that waits at once, one that runs as soon as its robot hears of it.

    Cancelling a cancelled job again is no error; one that ended otherwise is a conflict (exit 9).

    Examples:
        casare-rpa jobs cancel @latest
    """
    app: App = ctx.obj
    with app.client() as client:
        result = client.cancel(resolve_job_id(client, job))
    previous = str(result["previous_status"])
    if not result["cancelled"] and previous != "cancelled":
        raise InvalidTransition(
            f"job {result['job_id']} cannot be cancelled: it is {previous}",
            hint=f"casare-rpa jobs get {result['job_id']}",
        )
    app.out.done(result, name="job_id", text=f"job {result['job_id']}: {result['message']}")
