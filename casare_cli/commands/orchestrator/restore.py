"""`casare-rpa orchestrator restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, settings_of, sqlite_file


def run(
    ctx: typer.Context,
    # Not tried by typer, which cannot say whose it is.
    file: Annotated[
        Path, typer.Argument(help="A file made by orchestrator backup.", readable=False)
    ],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the database; the old one is kept beside.")
    ] = False,
    database: DatabaseUrl = None,
    state_dir: StateDir = None,
) -> None:
    """Put a backup back as the orchestrator's SQLite database, while no server runs.

    What happened after the backup is forgotten: jobs submitted since are gone, jobs finished since
    may run again, and keys revoked since are good again. Watchers that know more are closed with
    4409; robots are told that what they held since is no longer theirs. The owner of the database
    stays its owner, also when root restores it.

    Examples:
        casare-rpa orchestrator restore /var/backups/casare.db
        casare-rpa orchestrator restore --force nightly.db
    """
    app: App = ctx.obj
    settings = settings_of(app, database, state_dir)
    path = sqlite_file(
        settings.database, otherwise=f"pg_restore --clean --if-exists --dbname=DATABASE {file}"
    )
    from casare_rpa.store.sqlite.backup import restore

    kept = restore(file.absolute(), path, force=force)
    app.out.done(
        {"file": str(file), "database": str(path), "kept": str(kept) if kept else None},
        name="database",
        text=f"restored {path} from {file}" + (f"; the old one is {kept}" if kept else ""),
    )
