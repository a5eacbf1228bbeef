"""`casare-rpa workflows delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.prompts import confirm


def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="Id of the workflow.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a workflow with all its versions; its jobs stay.

    Asks first on a terminal; elsewhere --yes is needed.

    Examples:
        casare-rpa workflows delete invoices --yes
    """
    app: App = ctx.obj
    if not yes:
        confirm(f"Delete workflow {workflow}?", f"casare-rpa workflows delete {workflow} --yes")
    with app.client() as client:
        result = client.delete_workflow(workflow)
    result = {"workflow_id": workflow, **result}
    app.out.done(result, name="workflow_id", text=f"deleted workflow {workflow}")
