"""`casare-rpa jobs trace`."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import milliseconds
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_cli.traces.reading import Trace

COLUMNS = (
    Column("ATTEMPT", "attempt"),
    Column("NODE", "node_id"),
    Column("TYPE", "node_type"),
    Column("STATE", "state"),
    Column("RUNS", "runs"),
    Column("START", "start_ms", milliseconds),
    Column("TIME", "total_ms", milliseconds),
    Column("MIN", "min_ms", milliseconds),
    Column("MEAN", "mean_ms", milliseconds),
    Column("MAX", "max_ms", milliseconds),
    Column("WAIT", "wait_ms", milliseconds),
    Column("ERROR", "error"),
)


def run(
    ctx: typer.Context,
    job: JobId,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one page for a browser instead."),
    ] = None,
) -> None:
    """Show where the time of a job went: in the queue, in each attempt, in each node.

    A bar goes from a node's first start to its last end; the passes of a loop are one line with
    their shortest, mean and longest time. `+20 ms` is how long nothing ran before the node. Of a
    job that has not ended it shows the way so far, of a node that still ran when its attempt ended
    (interrupted) the time until then. With --html all of it is in one file that loads nothing. Off
    a terminal there is a line for each node of each attempt.

    Examples:
        casare-rpa jobs trace @latest
        casare-rpa jobs trace job_1 --html trace.html
        casare-rpa jobs trace job_1 -o json | jq '.attempts[-1].nodes | max_by(.total_ms)'
    """
    from casare_cli.following.histories import History
    from casare_cli.traces.reading import trace_of

    app: App = ctx.obj
    with app.client() as client:
        found = client.job(resolve_job_id(client, job))
        history = History(app, client, str(found["job_id"])).stored()
        trace = trace_of(history, time.time())
    if html is not None:
        _write(app.out, html, found, trace)
    elif app.out.wants_json:
        app.out.json(trace.to_json(found))
    elif app.out.format is Format.TABLE and app.out.on_terminal():
        from casare_cli.traces.lines import print_trace

        print_trace(app.out, found, trace, width=app.out.width)
    else:
        lines = [
            {"attempt": attempt.attempt, **asdict(node), "state": node.shown_state}
            for attempt in trace.attempts
            for node in attempt.nodes
        ]
        app.out.list(lines, COLUMNS, name="node_id")


def _write(out: Output, path: Path, job: Json, trace: Trace) -> None:
    from casare_cli.terminal.written_files import write_answer
    from casare_cli.traces.page import page

    if path.is_dir():
        raise InvalidInput(f"--html: {path} is a folder", hint="Name a file in it.")
    # For this user alone: names and errors of a run may tell more than is meant for everybody.
    write_answer(path, page(job, trace).encode())
    if out.wants_json:
        out.json(trace.to_json(job))
    out.note(f"wrote {path}")
