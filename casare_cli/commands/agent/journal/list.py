"""`casare-rpa agent journal list`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.machine.journals import StateDir, folders_with_journals
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

COLUMNS = (
    Column("NAME", "name"),
    Column("WORKFLOW", "workflow_name"),
    Column("STATE", "state"),
    Column("ENDING", "ending"),
    Column("EVENTS", "events"),
    Column("BYTES", "bytes"),
    Column("CHANGED", "modified", moment),
)


def run(ctx: typer.Context, state_dir: StateDir = None) -> None:
    """List the journals on this machine, the oldest first.

    A state is running (its agent is at work), waiting (it ended, the orchestrator has yet to know),
    interrupted (its agent died: will be reported as lost), lost (it was given to another robot),
    told (lost, and its events sent to the side log), damaged or unreadable. It changes nothing and
    asks nobody, also while the agent is at work. Exits 4 for a --state-dir that no agent has made.

    Examples:
        casare-rpa agent journal list
        casare-rpa agent journal list --state-dir /var/lib/casare-rpa-agent -o json
    """
    app: App = ctx.obj
    from agent.inventory import journals

    items = list(journals(folders_with_journals(app, state_dir)))
    app.out.list(items, COLUMNS, name="name", empty="no journals")
