"""`casare-rpa keys revoke`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the key.")] = "",
) -> None:
    """Revoke a key at once.

    Examples:
        casare-rpa keys revoke k3x9Ab2Q --reason "left the team"
    """
    app: App = ctx.obj
    with app.client(or_admin_key=True) as client:
        result = client.revoke_key(key, reason)
    app.out.done(result, name="key_id", text=f"revoked key {result['key_id']}")
