"""`casare-rpa robots keys rotate`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Id of the key, as `robots keys list` shows it.")],
) -> None:
    """Replace a robot's key: print a new one and revoke the old.

    Examples:
        casare-rpa robots keys rotate k3x9Ab2Q > robot.key
    """
    from casare_cli.keys_shown import show_made

    app: App = ctx.obj
    with app.client(or_admin_key=True) as client:
        show_made(app.out, client.rotate_robot_key(key))
