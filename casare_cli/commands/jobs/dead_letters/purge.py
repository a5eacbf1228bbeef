"""`casare-rpa jobs dead-letters purge`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.prompts import confirm
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    entry: Annotated[
        str | None, typer.Argument(metavar="ENTRY", help="Only this one (its id, or its job's).")
    ] = None,
    older_than_days: Annotated[
        int | None,
        typer.Option("--older-than-days", min=1, max=365, help="All that are older than this."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Forget dead letters: one, or all older ones, also those not run again. The jobs stay.

    Needs an administrator's key. Asks first on a terminal; elsewhere --yes is needed.

    Examples:
        casare-rpa jobs dead-letters purge job_1 --yes
        casare-rpa jobs dead-letters purge --older-than-days 30 --yes
    """
    app: App = ctx.obj
    if (entry is None) == (older_than_days is None):
        raise InvalidInput(
            "name one dead letter, or say --older-than-days",
            hint="casare-rpa jobs dead-letters purge --older-than-days 30",
        )
    what = entry if entry is not None else f"--older-than-days {older_than_days}"
    if not yes:
        confirm(
            f"Forget dead letters ({what})?", f"casare-rpa jobs dead-letters purge {what} --yes"
        )
    with app.client() as client:
        if entry is not None:
            result = client.delete_dead_letter(entry)
        else:
            result = client.purge_dead_letters(older_than_days=older_than_days)
    app.out.done(result, name="dlq_entry_id", text=str(result["message"]))
