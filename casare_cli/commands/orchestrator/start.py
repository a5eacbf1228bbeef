"""`casare-rpa orchestrator start`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_rpa.errors import ConfigInvalid


def run(
    ctx: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option("--port", "-p", min=0, max=65535, help="Port; 0 takes a free one.")
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="sqlite:///PATH or postgresql://USER@HOST/NAME."),
    ] = None,
    allow_plaintext: Annotated[
        bool, typer.Option("--allow-plaintext", help="Listen beyond this machine without TLS.")
    ] = False,
    state_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for everything it writes.")
    ] = None,
) -> int:
    """Start the orchestrator and serve until it is stopped.

    Without options it listens on 127.0.0.1, port 8000, and keeps its jobs in a SQLite file in the
    state folder. The first start makes an admin key: shown once on a terminal, else written to
    admin.key in the state folder.

    Examples:
        casare-rpa orchestrator start
        casare-rpa orchestrator start --database sqlite:////srv/casare/jobs.db --port 8080
    """
    from casare_rpa import logs

    app: App = ctx.obj
    settings = app.settings_with(
        host=host,
        port=port,
        database=database,
        allow_plaintext=allow_plaintext or None,
        state_dir=state_dir,
    )
    try:
        from casare_rpa.orchestrator.server import serve
    except ModuleNotFoundError as error:
        raise ConfigInvalid(
            f"the orchestrator is not installed: the module {error.name} is missing",
            hint="pip install 'casare-rpa[orchestrator]'",
        ) from error
    logs.set_up(settings, debug=app.debug)
    return serve(settings)
