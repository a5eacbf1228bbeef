"""`casare-rpa config set`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from dataclasses import Field


def run(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(metavar="SETTING", help="Name of the setting.", autocompletion=_names),
    ],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Change a setting in this user's file; with --profile, in that profile.

    The value is checked first. Every other line of the file stays as it is, comments included, and
    what is wrong there is told. A list is written with commas. Keys and passwords are refused:
    `casare-rpa login` stores a key, and a variable such as CASARE_API_KEY_FILE names the file of
    one.

    Examples:
        casare-rpa config set orchestrator_url https://rpa.example.org
        casare-rpa config set tags invoices,desk
        casare-rpa config set output json --profile scripts
    """
    from casare_cli.profiles.configuring import ORIGIN, own_place, row_of, write
    from casare_rpa.setting_sources import Given, convert, setting_name
    from casare_rpa.settings import FIELDS

    app: App = ctx.obj
    wanted = setting_name(name, FIELDS, "config set")
    item = FIELDS[wanted]
    _refuse_secret(item, value)
    converted, profile = convert(item, value, "config set"), app.profile or ""
    path = write(profile, {wanted: converted})
    written = Given(
        value=converted, origin="profile" if profile else "file", place=own_place(profile)
    )
    row = row_of(app, wanted, written)
    app.out.done(row, name="name", text=f"{wanted} is set in {path}{_where(app)}")
    if not str(row["place"]).startswith(str(path)):
        app.out.note(f"note: {ORIGIN.text(row)} says otherwise, and wins")


def _names() -> list[str]:
    """The settings that a file may hold."""
    from casare_rpa.settings import FIELDS

    return [name for name, item in FIELDS.items() if not item.metadata["secret"]]


def _where(app: App) -> str:
    return f", for the profile {app.profile}" if app.profile else ""


def _refuse_secret(item: Field[Any], value: str) -> None:
    from casare_cli.profiles.configuring import without_password

    variable = f"CASARE_{item.name.upper()}"
    if item.metadata["secret"] or without_password(value) != value:
        how = "casare-rpa login stores a key. " if item.name == "api_key" else ""
        rest = f"{variable}_FILE=PATH" if item.metadata["secret"] else variable
        raise InvalidInput(
            f"{item.name}: a secret is not written into a file of settings",
            hint=f"{how}{rest} gives it to a program.",
        )
