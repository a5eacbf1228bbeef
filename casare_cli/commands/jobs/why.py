"""`casare-rpa jobs why`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.jobs.whys import show_why


def run(ctx: typer.Context, job: JobId) -> int:
    """Say why a job does not run: robot by robot, and what would change that.

    Computed when asked, by the rules that hand out jobs. Exit code 0: a robot can take it, has it,
    or it has ended; 8: blocked, and the next event that would unblock it is named; 12: no
    registered robot could ever run it as it is.

    Examples:
        casare-rpa jobs why @latest
        casare-rpa jobs why job_1 -o json | jq -r .unblocked_by
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.why(resolve_job_id(client, job))
    return show_why(app.out, found)
