"""`casare-rpa keys rotate`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
) -> None:
    """Replace a key: print a new one of the same role and revoke the old.

    Where stdout takes nothing, and with -o name or none, nothing is replaced.

    Examples:
        casare-rpa keys rotate k3x9Ab2Q > api.key
    """
    from casare_cli.lists.keys import check_shown, show_made

    app: App = ctx.obj
    check_shown(app.out)
    with app.client(or_admin_key=True) as client:
        show_made(app.out, client.rotate_key(key), mend="casare-rpa keys rotate")
