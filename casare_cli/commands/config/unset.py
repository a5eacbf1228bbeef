"""`casare-rpa config unset`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="SETTING", help="Name of the setting.", autocompletion=_names),
    ],
) -> None:
    """Take a setting out of this user's file; with --profile, out of that profile.

    What it is then, its default or what another place says, is told. Every other line of the file
    stays as it is. A line whose name no setting has is taken out as well.

    Examples:
        casare-rpa config unset tags
        casare-rpa config unset output --profile scripts
    """
    from casare_cli.profiles.configuring import ORIGIN, own_place, take_out
    from casare_cli.terminal.text import plain

    app: App = ctx.obj
    profile = app.profile or ""
    gone = take_out(profile, name)
    place = own_place(profile)
    if not gone:
        raise _not_there(name, place)
    row = _now(app, name)
    now = f"; it is {plain(row['value']) or 'empty'} now ({ORIGIN.text(row)})" if row else ""
    text = f"{', '.join(gone)} is no longer set in {place}{now}"
    app.out.done(row or _unknown(name), name="name", text=text)


def _names() -> list[str]:
    from casare_rpa.settings import FIELDS

    return list(FIELDS)


def _now(app: App, word: str) -> Json | None:
    """The setting's row; None for a name that no setting has."""
    from casare_cli.profiles.configuring import row_of
    from casare_rpa.setting_sources import ALIASES
    from casare_rpa.settings import FIELDS

    name = ALIASES.get(word, word)
    return row_of(app, name) if name in FIELDS else None


def _unknown(name: str) -> Json:
    return {"name": name, "value": "", "origin": "default", "place": None, "line": None}


def _not_there(word: str, place: str) -> NotFound:
    from casare_rpa.setting_sources import setting_name
    from casare_rpa.settings import FIELDS

    name = setting_name(word, FIELDS, "config unset")
    return NotFound(
        f"{name} is not set in {place}", hint=f"casare-rpa config get {name} --show-origin"
    )
