"""`casare-rpa orchestrator migrate-from`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.databases import DatabaseUrl, StateDir, settings_of, sqlite_file
from casare_rpa.errors import ConfigInvalid, InvalidInput


def run(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="sqlite:///PATH.")],
    database: DatabaseUrl = None,
    state_dir: StateDir = None,
) -> None:
    """Copy everything of a SQLite database into an empty PostgreSQL: jobs, events, robots, keys.

    The server must be stopped. One transaction: everything arrives, counted, or nothing. The
    SQLite file stays as it is. Robots and clients go on with their keys when the orchestrator is
    started with the new --database at the old address.

    Examples:
        casare-rpa orchestrator migrate-from sqlite:////srv/casare/jobs.db --database postgresql://casare@db/casare
    """
    app: App = ctx.obj
    settings = settings_of(app, database, state_dir)
    path = _source_file(source)
    from casare_rpa.store.addresses import back_end_of

    if back_end_of(settings.database) != "postgresql":
        raise InvalidInput("the target is no PostgreSQL", hint="--database postgresql://...")
    try:
        from casare_rpa.store.moving import move
    except ModuleNotFoundError as error:
        raise InvalidInput(
            f"the package {error.name} is not installed",
            hint="pip install 'casare-rpa[orchestrator,postgres]'",
        ) from error
    rows = move(path, settings.database)
    app.out.done(
        {"source": source, "rows": rows},
        name="source",
        text=f"copied {sum(rows.values()):,} rows: "
        + ", ".join(f"{count:,} {table}" for table, count in rows.items() if count),
    )


def _source_file(source: str) -> Path:
    try:
        return sqlite_file(source, otherwise="The source is written sqlite:///PATH.")
    except ConfigInvalid as error:  # it is no setting here
        raise InvalidInput(error.message, hint=error.hint) from error
