"""`casare-rpa profiles list`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column


def run(ctx: typer.Context) -> None:
    """List the profiles, and which of them counts.

    Examples:
        casare-rpa profiles list
    """
    from casare_cli.profiles.configuring import profile_names
    from casare_cli.profiles.named import current, summary

    app: App = ctx.obj
    chosen = current(app)
    items = [summary(name, is_current=name == chosen) for name in profile_names()]
    columns = (
        Column("PROFILE", "name"),
        Column("CURRENT", "current"),
        Column("ORCHESTRATOR", "orchestrator_url"),
        Column("FILE", "files"),
    )
    app.out.list(items, columns, name="name", empty="no profiles; see casare-rpa profiles --help")
