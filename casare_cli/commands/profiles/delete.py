"""`casare-rpa profiles delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.prompts import confirm
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="PROFILE", help="Its name.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a profile from this user's file, and the key that login keeps for it.

    Where it was the one in use, none is in use any more. The key itself goes on working until it
    is revoked: casare-rpa keys revoke. Asks first on a terminal; elsewhere --yes is needed.

    Examples:
        casare-rpa profiles delete production --yes
    """
    from casare_cli.context import user_config_file
    from casare_cli.profiles.named import delete, files_with

    app: App = ctx.obj
    path, files = str(user_config_file()), files_with(name)
    if path not in files:
        raise NotFound(f"the profile {name} is not in {path}", hint=f"It is in {', '.join(files)}.")
    if not yes:
        confirm(f"Delete the profile {name}?", f"casare-rpa profiles delete {name} --yes")
    gone, was_in_use = delete(app, name)
    text = f"deleted the profile {name} from {path}"
    text += f", and its key from {' and '.join(gone)}" if gone else ""
    text += "; no profile is in use" if was_in_use else ""
    app.out.done({"name": name, "removed_from": [path, *gone]}, name="name", text=text)
    if left := [file for file in files if file != path]:
        app.out.aside(f"note: it is still in {', '.join(left)}")
