"""`casare-rpa profiles show`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import plain
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="PROFILE", help="Its name; else the one that counts.")
    ] = None,
) -> None:
    """Show what a profile sets.

    Examples:
        casare-rpa profiles show production
    """
    from casare_cli.profiles.configuring import profile_names
    from casare_cli.profiles.named import current, existing, summary

    app: App = ctx.obj
    chosen = name or current(app)
    if not chosen:
        raise NotFound("no profile is in use", hint=f"Profiles: {', '.join(profile_names())}.")
    found = summary(existing(chosen), is_current=chosen == current(app))
    columns = [
        Column("profile", "name"),
        *(Column(key, "", partial(_setting, key)) for key in found["settings"]),
        Column("file", "files"),
    ]
    app.out.item(found, columns, name="name")


def _setting(key: str, profile: Json) -> str:
    return plain(profile["settings"][key])
