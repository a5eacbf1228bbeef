"""`casare-rpa secrets delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.profiles.secret_stores import SecretName, Store, all_sources, store
from casare_cli.terminal.prompts import confirm
from casare_rpa.errors import NotFound, SecretMissing


def run(
    ctx: typer.Context,
    name: SecretName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a secret with all its fields, from the file and from the keyring.

    Those of the environment, of systemd and of Vault are not touched. Asks first on a terminal;
    elsewhere --yes is needed.

    Examples:
        casare-rpa secrets delete erp --yes
    """
    app: App = ctx.obj
    places = {kind: store(kind, app.settings) for kind in Store}
    holding = {kind: place for kind, place in places.items() if name in place.names()}
    if not holding:
        raise _missing(app, name)
    if not yes:
        confirm(f"Delete the secret {name}?", f"casare-rpa secrets delete {name} --yes")
    for place in holding.values():
        place.delete(name)
    where = " and ".join(place.place(name) for place in holding.values())
    result = {"name": name, "stores": [kind.value for kind in holding]}
    app.out.done(result, name="name", text=f"deleted the secret {name} from {where}")


def _missing(app: App, name: str) -> NotFound:
    """Why there is nothing to delete: it is nowhere, or in a place that is not ours to change."""
    try:
        all_sources(app.settings).find(name)
    except SecretMissing:
        return NotFound(
            f"there is no secret {name}", hint="See those there are: casare-rpa secrets list"
        )
    return NotFound(
        f"the secret {name} is neither in the file nor in the keyring",
        hint="Delete it where it comes from: casare-rpa secrets list",
    )
