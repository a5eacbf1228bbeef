"""`casare-rpa schedules disable`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import ScheduleId


def run(ctx: typer.Context, schedule: ScheduleId) -> None:
    """Let a schedule fire no more until it is enabled; its jobs go on.

    Examples:
        casare-rpa schedules disable invoices
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.disable_schedule(schedule)
    app.out.done(found, name="schedule_id", text=f"disabled schedule {found['schedule_name']}")
