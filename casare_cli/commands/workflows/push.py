"""`casare-rpa workflows push`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.output import Format
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Workflow files, or - for stdin.")
    ],
    workflow_id: Annotated[
        str | None,
        typer.Option("--id", help="Id to keep it under; else the file's id or its name."),
    ] = None,
) -> None:
    """Check workflow files and store them in the orchestrator.

    The same content again makes no new version. Prints the ids.

    Examples:
        casare-rpa workflows push invoices.json
        casare-rpa workflows push invoices.json --id invoices
        jq '.variables.rows = 5' invoices.json | casare-rpa workflows push - --id invoices-5
    """
    from casare_cli.workflows.files import note_warnings, push_file

    app: App = ctx.obj
    if workflow_id and len(files) > 1:
        raise InvalidInput("--id names one workflow, but several files are given")
    with app.client() as client:
        results = [push_file(client, path, workflow_id=workflow_id) for path in files]
    for path, result in zip(files, results, strict=True):
        note_warnings(app.out, path, result)
        if app.out.format in (Format.TABLE, Format.NAME):
            app.out.line(str(result["workflow_id"]))
            state = "" if result.get("created", True) else ", unchanged"
            app.out.note(f"  {result['workflow_id']}: version {result['version']}{state}")
        else:
            app.out.item(result, (), name="workflow_id")
