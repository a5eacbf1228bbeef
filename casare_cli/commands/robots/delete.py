"""`casare-rpa robots delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.robots import RobotId
from casare_cli.terminal.prompts import confirm


def run(
    ctx: typer.Context,
    robot: RobotId,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget a robot; the jobs it runs are stopped and go back to the queue.

    Its keys stay valid until they are revoked: a robot that still runs comes back with its next
    heartbeat. Asks first on a terminal; elsewhere --yes is needed.

    Examples:
        casare-rpa robots delete invoices-1 --yes
    """
    app: App = ctx.obj
    if not yes:
        confirm(f"Delete robot {robot}?", f"casare-rpa robots delete {robot} --yes")
    with app.client() as client:
        result = client.delete_robot(robot)
    app.out.done(result, name="robot_id", text=f"deleted robot {robot}")
