"""`casare-rpa robots get`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

COLUMNS = (
    Column("robot", "robot_id"),
    Column("name", "name"),
    Column("host", "hostname"),
    Column("status", "status"),
    Column("environment", "environment"),
    Column("jobs", "current_job_ids"),
    Column("slots", "max_concurrent_jobs"),
    Column("tags", "tags"),
    Column("capabilities", "capabilities"),
    Column("draining", "draining"),
    Column("drain by", "drain_by", moment),
    Column("paused by", "paused_by"),
    Column("resume at", "resume_at", moment),
    Column("note", "note"),
    Column("no room", "no_room"),
    Column("version", "version"),
    Column("last seen", "last_seen", moment),
    Column("created", "created_at", moment),
)


def run(ctx: typer.Context, robot: Annotated[str, typer.Argument(help="Id of the robot.")]) -> None:
    """Show a robot: where it runs, what it can do, what it is doing.

    Examples:
        casare-rpa robots get invoices-1 -o json
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.robot(robot)
    app.out.item(found, COLUMNS, name="robot_id")
