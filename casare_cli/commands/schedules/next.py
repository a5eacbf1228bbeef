"""`casare-rpa schedules next`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import TIME_COLUMNS, ScheduleId, times


def run(
    ctx: typer.Context,
    schedule: ScheduleId,
    count: Annotated[int, typer.Option(min=1, max=100, help="So many times.")] = 5,
) -> None:
    """Show when a schedule fires next, by the clocks of its zone and in UTC.

    Nothing for a disabled one.

    Examples:
        casare-rpa schedules next invoices --count 10
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.schedule(schedule, next_runs=count)
    empty = f"schedule {found['schedule_name']} is disabled"
    app.out.list(times(found), TIME_COLUMNS, name="utc", empty=empty)
