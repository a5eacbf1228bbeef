"""`casare-rpa schedules trigger`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import ScheduleId
from casare_cli.terminal.output import Format


def run(ctx: typer.Context, schedule: ScheduleId) -> None:
    """Submit a job of a schedule now, enabled or not; its next time stays.

    Prints the job's id.

    Examples:
        casare-rpa jobs watch $(casare-rpa schedules trigger invoices)
    """
    app: App = ctx.obj
    with app.client() as client:
        result = client.trigger_schedule(schedule)
    if app.out.format in (Format.TABLE, Format.NAME):
        app.out.line(str(result["job_id"]))
    else:
        app.out.item(result, (), name="job_id")
