"""`casare-rpa robots pause`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.robots import Note, RobotId, show_rest
from casare_cli.terminal.values import positive_seconds


def run(
    ctx: typer.Context,
    robot: RobotId,
    note: Note = None,
    period: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help="Resume by itself after this time."),
    ] = None,
) -> None:
    """Give a robot no new jobs for a while; what it runs goes on.

    The pause stays when the robot is restarted, until `robots resume` or the end of --for.

    Examples:
        casare-rpa robots pause invoices-1 --for 30m --note "new printer"
    """
    app: App = ctx.obj
    change = {
        "status": "paused",
        "note": note or "",
        "resume_after_seconds": positive_seconds(period, "--for"),
    }
    with app.client() as client:
        paused = client.set_robot_status(robot, change)
    show_rest(app.out, paused)
