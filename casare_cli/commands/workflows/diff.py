"""`casare-rpa workflows diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App

_HELP = "A file, an id, or id@version."


def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(metavar="A", help=_HELP)],
    other_workflow: Annotated[str, typer.Argument(metavar="B", help=_HELP)],
) -> int:
    """Show what differs between two workflows: nodes, connections, variables and settings.

    Where nodes stand in an editor does not count. Exits 0 when they do the same, 1 when they
    differ, 2 when a file is wrong and 4 when there is no such workflow.

    Examples:
        casare-rpa workflows diff invoices invoices.json
        casare-rpa workflows diff invoices@3 invoices@4 -o json | jq '.differences[].name'
    """
    from casare_cli.differences import difference, workflows
    from casare_cli.workflows.refs import find

    app: App = ctx.obj
    left, right = find(app, workflow), find(app, other_workflow)
    found = workflows.between(left.workflow, right.workflow)
    return difference.show(app.out, left.label, right.label, found)
