"""`casare-rpa orchestrator db-status`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, settings_of
from casare_cli.terminal.columns import Column

COLUMNS = (
    Column("database", "database"),
    Column("state", "state"),
    Column("schema", "schema_version"),
    Column("this program's", "wanted_version"),
    Column("in use", "in_use"),
    Column("bytes", "bytes"),
    Column("workflows", "workflows"),
    Column("jobs", "jobs"),
    Column("robots", "robots"),
    Column("keys", "keys"),
    Column("epoch", "epoch"),
)


def run(ctx: typer.Context, database: DatabaseUrl = None, state_dir: StateDir = None) -> int:
    """Say what the orchestrator's database is, and change nothing.

    The state is missing, empty, older (migrate it, or start the orchestrator), current, or newer
    (this program is too old for it). Exit code 0 when it is current, 1 else, 6 when it cannot be
    read.

    Examples:
        casare-rpa orchestrator db-status
        casare-rpa orchestrator db-status --database postgresql://casare@db/casare -o json
    """
    app: App = ctx.obj
    settings = settings_of(app, database, state_dir)
    from casare_rpa.store.status import status_of

    found = status_of(settings.database)
    app.out.item(found, COLUMNS, name="state")
    return 0 if found["state"] == "current" else 1
