"""`casare-rpa config get`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.output import Format


def run(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="SETTING", help="Name of the setting.", autocompletion=_names),
    ],
    show_origin: Annotated[
        bool, typer.Option("--show-origin", help="Show the file and line, or the variable.")
    ] = False,
) -> None:
    """Print the value of one setting.

    Examples:
        casare-rpa config get orchestrator_url
        casare-rpa config get lease_seconds --show-origin
    """
    from casare_cli.profiles.configuring import NAME, ORIGIN, VALUE, rows
    from casare_cli.terminal.text import plain
    from casare_rpa.setting_sources import setting_name
    from casare_rpa.settings import FIELDS

    app: App = ctx.obj
    wanted = setting_name(name, FIELDS, "config get")
    row = next(row for row in rows(app) if row["name"] == wanted)
    if app.out.format is Format.TABLE and not show_origin:
        app.out.line(plain(row["value"]))
    else:
        app.out.item(row, (NAME, VALUE, ORIGIN), name="name")


def _names() -> list[str]:
    from casare_rpa.settings import FIELDS

    return list(FIELDS)
