"""`casare-rpa config list`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    show_origin: Annotated[
        bool, typer.Option("--show-origin", help="Show the file and line, or the variable.")
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only settings that are not left at their default.")
    ] = False,
) -> None:
    """List every setting with its value.

    A setting is taken from the command line, else the environment, else the profile, else the
    user's file, else the system's file, else its default. Secrets are never shown.

    Examples:
        casare-rpa config list --changed --show-origin
        casare-rpa config list -o json
    """
    from casare_cli.profiles.configuring import NAME, ORIGIN, VALUE, rows

    app: App = ctx.obj
    found = [row for row in rows(app) if not changed or row["origin"] != "default"]
    columns = (NAME, VALUE, ORIGIN) if show_origin else (NAME, VALUE)
    app.out.list(found, columns, name="name", empty="every setting is at its default")
