"""`casare-rpa profiles use`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from casare_cli.context import App


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROFILE", help='Its name; "" for none.')],
) -> None:
    """Make a profile the one that counts from now on.

    --profile and CASARE_PROFILE still win for one command.

    Examples:
        casare-rpa profiles use production
    """
    from casare_cli.profiles.configuring import write
    from casare_cli.profiles.named import existing

    app: App = ctx.obj
    chosen = existing(name) if name else ""
    write("", {"profile": chosen})
    text = f"the profile {chosen} is in use" if chosen else "no profile is in use"
    app.out.done({"name": chosen, "current": bool(chosen)}, name="name", text=text)
    if os.environ.get("CASARE_PROFILE", chosen) != chosen:
        app.out.note("note: CASARE_PROFILE says otherwise, and wins")
