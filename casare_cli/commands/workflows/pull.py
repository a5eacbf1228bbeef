"""`casare-rpa workflows pull`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.output import SCHEMA_VERSION
from casare_cli.terminal.text import escape_json
from casare_rpa.errors import Conflict


def run(
    ctx: typer.Context,
    workflow: Annotated[str, typer.Argument(help="Id of a workflow, or id@version.")],
    version: Annotated[
        int | None, typer.Option(min=1, help="An older version than the current one.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", "-f", help="Where to put it, - for stdout (default: ID.json)."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that holds something else.")
    ] = False,
) -> None:
    """Write a workflow that the orchestrator keeps into a file.

    A file with the same content stays as it is. Exits 9 when there is a file that holds something
    else and --force is not given.

    Examples:
        casare-rpa workflows pull invoices
        casare-rpa workflows pull invoices --version 3 -f old.json
        casare-rpa workflows pull invoices -f - | jq .nodes
    """
    from casare_cli.workflows.files import slug
    from casare_cli.workflows.refs import stored_workflow

    app: App = ctx.obj
    with app.client() as client:
        found = stored_workflow(client, workflow, version=version)
    text = json.dumps(found["workflow_json"], ensure_ascii=False, indent=2)
    if file == Path("-"):
        app.out.line(escape_json(text))
        return
    path = file or Path(f"{slug(str(found['workflow_id']))}.json")
    was_written = _write(path, f"{text}\n".encode(), force=force)
    about = {name: found[name] for name in ("workflow_id", "version", "content_hash")}
    result = {"schema_version": SCHEMA_VERSION, **about, "file": str(path), "written": was_written}
    state = "wrote" if was_written else "unchanged:"
    app.out.done(
        result, name="file", text=f"{state} {path} ({found['workflow_id']}@{found['version']})"
    )


def _write(path: Path, content: bytes, *, force: bool) -> bool:
    """Whether the file had to be written. Raises Conflict."""
    from casare_cli.terminal.written_files import write_answer

    if path.exists():
        if path.is_file() and path.read_bytes() == content:
            return False
        if not force:
            raise Conflict(f"{path} holds something else", hint="Add --force to replace it.")
    write_answer(path, content)
    # A workflow is no secret: the file gets the mode that any other new file would have.
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)
    return True
