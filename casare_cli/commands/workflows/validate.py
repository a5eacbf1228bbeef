"""`casare-rpa workflows validate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import problem_line
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.domain.workflow import Workflow


def run(
    ctx: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE", help="Workflow files, or - for stdin.")
    ],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as errors do.")] = False,
) -> int:
    """Say everything that is wrong with workflow files, where it stands and what to do.

    Checked are the document, node types and their parameters, ports, placeholders, what a run
    reaches, partners of loops and tries, and secrets in plain text. Exits 1 when a file has an
    error, 2 when one cannot be read: the others are checked all the same. A node that this
    installation cannot run is an error, too; robots elsewhere may have what is missing here.

    Examples:
        casare-rpa workflows validate *.json
        casare-rpa workflows validate invoices.json --strict
        casare-rpa workflows validate invoices.json -o json | jq '.items[] | {node, field, mend}'
    """
    from casare_cli.workflows.files import check_file
    from casare_rpa import browser_programs

    app: App = ctx.obj
    browser_programs.choose(app.settings.browser_path)
    items: list[Json] = []
    unread: list[InvalidInput] = []
    for path in files:
        try:
            _, workflow, problems = check_file(path, runs_here=True)
        except InvalidInput as error:
            unread.append(error)
            continue
        found = [problem.to_dict() for problem in problems]
        items += [{"file": str(path), **problem} for problem in found]
        if app.out.format in (Format.TABLE, Format.NAME):
            _print_file(app.out, path, workflow, found)
    if unread:
        raise _cannot_read(unread, items if app.out.wants_json else [])
    if app.out.wants_json:
        app.out.list(items, (), name="code")
    bad = {"error", "warning"} if strict else {"error"}
    return exit_codes.FAILED if any(item["severity"] in bad for item in items) else exit_codes.OK


def _cannot_read(unread: Sequence[InvalidInput], items: Sequence[Json]) -> InvalidInput:
    """One error for all files that cannot be read, with what was found in the others."""
    unread[0].message = "; ".join(error.message for error in unread)
    unread[0].details = {**unread[0].details, **({"problems": items} if items else {})}
    return unread[0]


def _print_file(out: Output, path: Path, workflow: Workflow | None, found: list[Json]) -> None:
    for problem in found:
        out.line(f"{path}: {problem_line(problem)}")
    if workflow is not None and not found:
        out.note(f"{path}: ok, {len(workflow.nodes)} nodes")
