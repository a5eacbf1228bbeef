"""`casare-rpa workflows get`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

COLUMNS = (
    Column("workflow", "workflow_id"),
    Column("name", "workflow_name"),
    Column("version", "version"),
    Column("description", "description"),
    Column("content", "content_hash"),
    Column("created", "created_at", moment),
    Column("updated", "updated_at", moment),
    Column("nodes", "workflow_json", lambda document: str(len(document.get("nodes") or ()))),
)


def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="Id of the workflow.")],
    document: Annotated[
        bool, typer.Option("--document", help="Print the workflow file itself, as JSON.")
    ] = False,
) -> None:
    """Show a workflow that the orchestrator keeps.

    Examples:
        casare-rpa workflows get invoices --document > invoices.json
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.workflow(workflow)
    if document:
        app.out.json(found["workflow_json"])
    else:
        app.out.item(found, COLUMNS, name="workflow_id")
