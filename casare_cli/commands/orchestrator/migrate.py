"""`casare-rpa orchestrator migrate`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, settings_of, while_no_server_runs
from casare_rpa.errors import NotFound


def run(ctx: typer.Context, database: DatabaseUrl = None, state_dir: StateDir = None) -> None:
    """Bring the database to this program's schema without starting a server.

    One transaction: it is done, or the database is as before. Every start does the same; this is
    for those who want to see it happen first. SQLite: no server may run. PostgreSQL: servers of the
    version before may go on meanwhile.

    Examples:
        casare-rpa orchestrator migrate
        casare-rpa orchestrator migrate --database postgresql://casare@db/casare
    """
    app: App = ctx.obj
    settings = settings_of(app, database, state_dir)
    from casare_rpa.store import open_store
    from casare_rpa.store.status import shown, status_of

    before = status_of(settings.database)
    if before["state"] in ("missing", "empty"):
        raise NotFound(
            f"there is nothing to migrate in {before['database']}",
            hint="casare-rpa orchestrator init-db",
        )
    with while_no_server_runs():
        open_store(settings.database, settings).close()
    after = status_of(settings.database)
    was, now = before["schema_version"], after["schema_version"]
    app.out.done(
        {"database": shown(settings.database), "from": was, "to": now},
        name="to",
        text=f"schema {now} already" if was == now else f"migrated from {was} to {now}",
    )
