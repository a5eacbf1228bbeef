"""`casare-rpa workflows validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.output import Format, Json, Output
from casare_cli.text import problem_line

if TYPE_CHECKING:
    from casare_rpa.domain.workflow import Workflow


def run(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Workflow files.")],
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as errors do.")] = False,
) -> int:
    """Say everything that is wrong with workflow files, with line numbers and what to do.

    Exits 1 when a file has an error, 2 when one cannot be read. A node that this installation
    cannot run is an error, too; robots elsewhere may have what is missing here.

    Examples:
        casare-rpa workflows validate *.json
        casare-rpa workflows validate invoices.json -o json | jq '.items[].code'
    """
    from casare_cli.workflow_files import check_file

    app: App = ctx.obj
    items: list[Json] = []
    for path in files:
        workflow, problems, text = check_file(path)
        found = [problem.to_dict() for problem in problems] + _not_available(workflow, text)
        items += [{"file": str(path), **problem} for problem in found]
        if app.out.format in (Format.TABLE, Format.NAME):
            _print_file(app.out, path, workflow, found)
    if app.out.wants_json:
        app.out.list(items, (), name="code")
    bad = {"error", "warning"} if strict else {"error"}
    return exit_codes.FAILED if any(item["severity"] in bad for item in items) else exit_codes.OK


def _print_file(out: Output, path: Path, workflow: Workflow | None, found: list[Json]) -> None:
    for problem in found:
        out.line(f"{path}: {problem_line(problem)}")
    if workflow is not None and not found:
        out.note(f"{path}: ok, {len(workflow.nodes)} nodes")


def _not_available(workflow: Workflow | None, text: bytes) -> list[Json]:
    """An error for each node that cannot run here."""
    from casare_cli.workflow_files import with_lines
    from casare_rpa.domain.workflow import Problem, Severity
    from casare_rpa.errors import WorkflowInvalid
    from casare_rpa.nodes.catalogue import node_class

    found: list[Problem] = []
    for spec in workflow.nodes if workflow else ():
        try:
            node_class(spec.node_type)
        except WorkflowInvalid as error:
            found.append(
                Problem(
                    code=error.code,
                    severity=Severity.ERROR,
                    message=error.message,
                    pointer=f"/nodes/{spec.node_id}/node_type",
                    node_id=spec.node_id,
                    hint=error.hint,
                )
            )
    return [problem.to_dict() for problem in with_lines(text, found)] if found else []
