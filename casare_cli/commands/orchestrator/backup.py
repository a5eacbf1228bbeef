"""`casare-rpa orchestrator backup`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, settings_of, sqlite_file
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="The new file.", readable=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
    database: DatabaseUrl = None,
    state_dir: StateDir = None,
) -> None:
    """Save the orchestrator's SQLite database into one file, also while the server runs.

    The copy is of one moment, checked, and readable by you alone; it never is half a file. The
    folder must be there; the database itself, what lies beside it, links and devices are refused.
    PostgreSQL has its own: pg_dump --format=custom --file=FILE DATABASE.

    Examples:
        casare-rpa orchestrator backup /var/backups/casare.db
        casare-rpa orchestrator backup --force nightly.db --quiet
        sudo -u casare casare-rpa orchestrator backup --state-dir /var/lib/casare nightly.db
    """
    app: App = ctx.obj
    if file == Path("-"):
        raise InvalidInput("a backup is a file, not a stream", hint="Name the new file.")
    settings = settings_of(app, database, state_dir)
    path = sqlite_file(
        settings.database, otherwise=f"pg_dump --format=custom --file={file} DATABASE"
    )
    from casare_rpa.store.sqlite.backup import backup

    size = backup(path, file.absolute(), force=force)
    app.out.done(
        {"file": str(file), "bytes": size, "database": str(path)},
        name="file",
        text=f"saved {path} to {file} ({size:,} bytes)",
    )
