"""`casare-rpa schedules enable`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import ScheduleId


def run(ctx: typer.Context, schedule: ScheduleId) -> None:
    """Let a schedule fire from its next time on.

    Times gone by while it was disabled are not caught up.

    Examples:
        casare-rpa schedules enable invoices
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.enable_schedule(schedule)
    app.out.done(found, name="schedule_id", text=f"enabled schedule {found['schedule_name']}")
