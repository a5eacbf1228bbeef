"""`casare-rpa robots resume`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.robots import RobotId, show_rest


def run(ctx: typer.Context, robot: RobotId) -> None:
    """Let a robot take jobs again: end its pause and its drain.

    A pause that was asked for at the robot's own machine ends only there, with `casare-rpa agent
    resume`. A robot that takes jobs already is no error.

    Examples:
        casare-rpa robots resume invoices-1
    """
    app: App = ctx.obj
    with app.client() as client:
        resumed = client.set_robot_status(robot, {"status": "idle", "draining": False})
    show_rest(app.out, resumed)
    if resumed.get("paused_by"):
        app.out.note("hint: on its machine: casare-rpa agent resume")
