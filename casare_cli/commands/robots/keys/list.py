"""`casare-rpa robots keys list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    robot: Annotated[str | None, typer.Option(help="Only keys of this robot.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="active, revoked or expired.", autocompletion=_statuses),
    ] = None,
) -> None:
    """List the keys of robots; the keys themselves are never shown again.

    Examples:
        casare-rpa robots keys list --status active
    """
    from casare_cli.lists.keys import ROBOT_COLUMNS

    app: App = ctx.obj
    with app.client(or_admin_key=True) as client:
        found = client.robot_keys(robot_id=robot, status=status, limit=500)
    app.out.list(found["keys"], ROBOT_COLUMNS, name="id", empty="no keys")


def _statuses() -> list[str]:
    from casare_cli.lists.keys import STATUSES

    return list(STATUSES)
