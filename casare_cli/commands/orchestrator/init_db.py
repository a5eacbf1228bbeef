"""`casare-rpa orchestrator init-db`."""

from __future__ import annotations

import sys

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, not_installed, settings_of
from casare_rpa.errors import Conflict


def run(ctx: typer.Context, database: DatabaseUrl = None, state_dir: StateDir = None) -> None:
    """Make the tables in an empty database and the first admin key, without starting a server.

    The first start does the same. The key is shown once on a terminal, else written to admin.key
    in the state folder.

    Examples:
        casare-rpa orchestrator init-db --database postgresql://casare@db/casare
    """
    app: App = ctx.obj
    settings = settings_of(app, database, state_dir)
    try:
        from casare_rpa.orchestrator.access.first_key import make_first_key
        from casare_rpa.orchestrator.places import make_private, state_dir_of
    except ModuleNotFoundError as error:
        raise not_installed(error) from error
    from casare_rpa.store import open_store
    from casare_rpa.store.status import shown, status_of

    address = shown(settings.database)
    if status_of(settings.database)["state"] not in ("missing", "empty"):
        raise Conflict(
            f"{address} has its tables already", hint="casare-rpa orchestrator db-status"
        )
    folder = state_dir_of(settings)
    make_private(folder)
    store = open_store(settings.database, settings)
    try:
        make_first_key(store, folder, app.out.note if sys.stderr.isatty() else None)
    finally:
        store.close()
    app.out.done({"database": address}, name="database", text=f"made the tables in {address}")
