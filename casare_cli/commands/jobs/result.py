"""`casare-rpa jobs result`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.jobs.shown import JobId, is_finished, outcome_code, outcome_line, resolve_job_id
from casare_cli.terminal.output import Format, Output
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound


def run(
    ctx: typer.Context,
    job: JobId,
    variable: Annotated[
        str | None, typer.Option("--variable", metavar="NAME", help="Only this variable's value.")
    ] = None,
) -> int:
    """Print what a job came to: its variables and the outputs of its nodes, as JSON.

    The exit code is the job's outcome, as that of `jobs wait`; 8 when it has not ended yet, and 4
    when it has no such variable. A variable that is text is printed as it is, unless `-o json` asks
    for JSON.

    Examples:
        casare-rpa jobs result @latest | jq .variables
        casare-rpa jobs result job_1 --variable total
    """
    app: App = ctx.obj
    with app.client() as client:
        found = client.job(resolve_job_id(client, job))
    if not is_finished(found):
        app.out.note(f"job {found['job_id']} is still {found['status']}; wait for it with:")
        app.out.note(f"  casare-rpa jobs wait {found['job_id']}")
        return exit_codes.STILL_RUNNING
    result = found.get("result")
    if variable is not None:
        _print(app.out, _variable(found, variable))
    elif result is not None:
        _print(app.out, result)
    if found["status"] != "completed" or result is None:
        more = "; it left no result" if result is None else ""
        app.out.note(outcome_line(found) + more)
    return outcome_code(found)


def _variable(job: Json, name: str) -> object:
    variables = (job.get("result") or {}).get("variables") or {}
    if name in variables:
        return variables[name]
    has = f"It has: {', '.join(map(str, variables))}." if variables else "It has none."
    raise NotFound(f"the result of job {job['job_id']} has no variable {name!r}", hint=has)


def _print(out: Output, value: object) -> None:
    if out.format is Format.NONE:
        return
    if isinstance(value, str) and not out.wants_json:
        out.line(value)
    else:
        out.json(value)
