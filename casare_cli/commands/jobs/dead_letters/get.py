"""`casare-rpa jobs dead-letters get`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.lists.dead_letters import COLUMNS, EntryId


def run(ctx: typer.Context, entry: EntryId) -> None:
    """Show why a job failed for good, and what became of it since.

    The details of an attempt that was lost name the nodes that had begun to act on the outside
    world: look there before you run it again.

    Examples:
        casare-rpa jobs dead-letters get job_1
        casare-rpa jobs dead-letters get job_1 -o json | jq .error_details.side_effect_nodes
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.dead_letter(entry)
    app.out.item(found, COLUMNS, name="id")
