"""`casare-rpa keys revoke`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.prompts import confirm

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_PAGE = 500
_LAST = (
    "that was the last admin key: the next start of the orchestrator makes a new one, shown on its "
    "terminal or else written to admin.key in its state folder"
)
_QUESTION = "Revoke the last admin key (until a restart nobody can manage keys)?"


def run(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Id of the key, as `keys list` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; kept with the key.")] = "",
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before the last admin key.")
    ] = False,
) -> None:
    """Revoke a key at once.

    Behind the last admin key nobody can manage keys until the orchestrator starts again: that
    start makes a new one. Before it a terminal is asked; elsewhere --yes is needed.

    Examples:
        casare-rpa keys revoke k3x9Ab2Q --reason "left the team"
    """
    app: App = ctx.obj
    with app.client(or_admin_key=True) as client:
        is_last = _is_last_admin_key(client, key)
        if is_last and not yes:
            confirm(_QUESTION, f"casare-rpa keys revoke {key} --yes")
        result = client.revoke_key(key, reason)
    app.out.done(result, name="key_id", text=f"revoked key {result['key_id']}")
    if is_last:
        app.out.aside(_LAST)


def _is_last_admin_key(client: OrchestratorClient, key_id: str) -> bool:
    """Whether no other admin key works."""
    offset, is_admin = 0, False
    while keys := client.keys(status="active", limit=_PAGE, offset=offset)["keys"]:
        admins = {key["id"] for key in keys if key["role"] == "admin"}
        if admins - {key_id}:
            return False
        is_admin |= key_id in admins
        offset += _PAGE
    return is_admin
