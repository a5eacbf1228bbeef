"""`casare-rpa jobs resolve`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id, show_resolution
from casare_rpa.domain.jobs import ResolvedOutcome
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    job: JobId,
    outcome: Annotated[
        ResolvedOutcome, typer.Option("--as", help="What became of the job, or run it again.")
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="How you know; kept with the job.")
    ],
) -> None:
    """Say how a job ended where only a person can know.

    For a job that failed or timed out for good (a dead letter), was cancelled after it had begun
    to act on the outside world, or waits for another attempt after such a one. An ended job keeps
    its status: your word stands beside it, settles its dead letter, and decides the exit code of
    `jobs wait`. `--as succeeded` also keeps it from being retried; `--as requeue` runs it again as
    a new job. A job that waits is cancelled, or with `--as requeue` offered at once.

    Examples:
        casare-rpa jobs resolve job_1 --as succeeded --reason "the payment is on the statement"
        casare-rpa jobs resolve job_1 --as requeue --reason "nothing was booked"
    """
    app: App = ctx.obj
    if not reason.strip():
        raise InvalidInput(
            "--reason: it is empty", hint="Say how you know, such as --reason 'it is booked'."
        )
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        found = client.resolve(job_id, outcome=outcome.value, reason=reason)
    app.out.done(found, name="job_id", text=_told(found))


def _told(job: Json) -> str:
    if job.get("resolution"):
        return f"job {job['job_id']}: resolved as {show_resolution(job['resolution'])}"
    return f"job {job['job_id']}: offered to robots at once"
