"""`casare-rpa keys create`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from casare_cli.context import App


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    DEVELOPER = "developer"
    ADMIN = "admin"


def run(
    ctx: typer.Context,
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    name: Annotated[str, typer.Option(help="Name of the key.")] = "default",
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="It stops working after this time.")
    ] = None,
) -> None:
    """Make a key for a person or a script and print it, this once only.

    viewer reads; operator also submits and cancels jobs; developer also changes workflows; admin
    also manages keys. On the orchestrator's own machine the admin key that it wrote at its first
    start is used when there is no other.

    Where stdout takes nothing, and with -o name or none, nothing is made.

    Examples:
        casare-rpa keys create --role developer --name laptop > api.key
    """
    from casare_cli.lists.keys import check_shown, expires_at, show_made

    app: App = ctx.obj
    check_shown(app.out)
    request = {
        "role": role.value,
        "name": name,
        "description": description,
        "expires_at": expires_at(expires_in),
    }
    with app.client(or_admin_key=True) as client:
        show_made(app.out, client.create_key(request), mend="casare-rpa keys revoke")
