"""`casare-rpa schedules get`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import COLUMNS, ScheduleId


def run(ctx: typer.Context, schedule: ScheduleId) -> None:
    """Show a schedule: its times, its jobs' settings, what it did last.

    Examples:
        casare-rpa schedules get invoices
        casare-rpa jobs watch $(casare-rpa schedules get invoices -o json | jq -r .last_job_id)
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.schedule(schedule)
    app.out.item(found, COLUMNS, name="schedule_id")
