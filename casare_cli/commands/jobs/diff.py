"""`casare-rpa jobs diff`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import resolve_job_id

_HELP = "Id of a job, @latest or @latest:WORKFLOW."


def run(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(metavar="A", help=_HELP)],
    other_job: Annotated[str, typer.Argument(metavar="B", help=_HELP)],
    percent: Annotated[
        float, typer.Option("--durations", metavar="PERCENT", min=0, help="Show longer ones.")
    ] = 50.0,
) -> int:
    """Show what differs between two runs: input, path, outputs, variables, ending and durations.

    The last attempts are compared. Durations are shown where one is at least 100 ms and --durations
    percent longer. These, the robot and the number of attempts are shown, but do not make a
    difference for the exit code: 0 when the runs did the same, 1 when they differ, 4 when there is
    no such job.

    Examples:
        casare-rpa jobs diff job_1 job_2
        casare-rpa jobs diff job_1 @latest:invoices -o json | jq '.differences[] | select(.counts)'
    """
    from casare_cli.differences import difference, runs
    from casare_cli.following.histories import History

    app: App = ctx.obj
    with app.client() as client:

        def read(word: str) -> runs.Run:
            found = client.job(resolve_job_id(client, word))
            history = History(app, client, str(found["job_id"]))
            return runs.read_run(found, history.stored(), time.time())

        left, right = read(job), read(other_job)
    found = runs.between(left, right, percent=percent)
    return difference.show(app.out, left.job_id, right.job_id, found)
