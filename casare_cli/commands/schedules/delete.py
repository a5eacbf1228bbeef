"""`casare-rpa schedules delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.schedules import ScheduleId
from casare_cli.terminal.prompts import confirm


def run(
    ctx: typer.Context,
    schedule: ScheduleId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a schedule; the jobs that it made stay.

    Asks first on a terminal; elsewhere --yes is needed.

    Examples:
        casare-rpa schedules delete invoices --yes
    """
    app: App = ctx.obj
    if not yes:
        confirm(f"Delete schedule {schedule}?", f"casare-rpa schedules delete {schedule} --yes")
    with app.client() as client:
        result = client.delete_schedule(schedule)
    result = {"schedule_id": schedule, **result}
    app.out.done(result, name="schedule_id", text=f"deleted schedule {schedule}")
