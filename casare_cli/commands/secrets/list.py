"""`casare-rpa secrets list`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.profiles.secret_stores import all_sources
from casare_cli.terminal.columns import Column

_COLUMNS = (
    Column("NAME", "name"),
    Column("FIELDS", "fields", ", ".join),
    Column("SOURCE", "source"),
    Column("USED", "used", lambda used: "yes" if used else "no"),
)


def run(ctx: typer.Context) -> None:
    """List the secrets of this user and where each comes from; values are never shown.

    Sources are asked in this order, and the first that has a secret gives it: environment
    (CASARE_SECRET_NAME), systemd credentials, keyring, file, Vault. What an earlier source hides is
    listed as not used. Vault is not listed.

    Examples:
        casare-rpa secrets list
        casare-rpa secrets list -o json | jq -r '.items[].name'
    """
    app: App = ctx.obj
    found = all_sources(app.settings)
    items = [
        {
            "name": entry.name,
            "fields": entry.fields,
            "source": entry.place,
            "used": entry.used,
        }
        for entry in found.entries()
    ]
    app.out.list(items, _COLUMNS, name="name", empty="no secrets")
    if app.settings.vault_address:
        app.out.note(f"note: those in Vault at {app.settings.vault_address} are not listed")
