"""`casare-rpa jobs dead-letters retry`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.dead_letters import EntryId
from casare_cli.terminal.answering import done_already
from casare_cli.terminal.output import Format


def run(ctx: typer.Context, entry: EntryId) -> None:
    """Run a job that failed for good again, as a new job with the same input.

    Prints the new job's id. An entry is run again once; the second time is a conflict (exit 9)
    that names the job made before.

    Examples:
        casare-rpa jobs watch $(casare-rpa jobs dead-letters retry job_1)
    """
    app: App = ctx.obj
    with app.client() as client:
        result = client.retry_dead_letter(entry)
    new_id = str(result["new_job_id"])
    with done_already(f"job {new_id} was submitted", f"casare-rpa jobs watch {new_id}"):
        if app.out.format in (Format.TABLE, Format.NAME):
            app.out.line(new_id)
        else:
            app.out.item(result, (), name="new_job_id")
