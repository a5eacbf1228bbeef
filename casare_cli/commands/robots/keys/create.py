"""`casare-rpa robots keys create`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    robot: Annotated[str, typer.Argument(help="Id of the robot; it need not exist yet.")],
    name: Annotated[str, typer.Option(help="Name of the key.")] = "default",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="It stops working after this time.")
    ] = None,
) -> None:
    """Make a key for a robot and print it, this once only.

    On the orchestrator's own machine the admin key that it wrote at its first start is used when
    there is no other.

    Where stdout takes nothing, and with -o name or none, nothing is made.

    Examples:
        casare-rpa robots keys create invoices-1 > robot.key
    """
    from casare_cli.lists.keys import check_shown, expires_at, show_made

    app: App = ctx.obj
    check_shown(app.out)
    request = {
        "robot_id": robot,
        "name": name,
        "description": description,
        "expires_at": expires_at(expires_in),
    }
    with app.client(or_admin_key=True) as client:
        show_made(app.out, client.create_robot_key(request), mend="casare-rpa robots keys revoke")
