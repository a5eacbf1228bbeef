"""`casare-rpa keys list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    role: Annotated[str | None, typer.Option(help="Only keys of this role.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="active, revoked or expired.", autocompletion=_statuses),
    ] = None,
) -> None:
    """List the keys of people and scripts; the keys themselves are never shown again.

    Examples:
        casare-rpa keys list --status active
    """
    from casare_cli.lists.keys import COLUMNS

    app: App = ctx.obj
    with app.client(or_admin_key=True) as client:
        found = client.keys(status=status, limit=500)
    keys = [key for key in found["keys"] if role is None or key["role"] == role]
    app.out.list(keys, COLUMNS, name="id", empty="no keys")


def _statuses() -> list[str]:
    from casare_cli.lists.keys import STATUSES

    return list(STATUSES)
