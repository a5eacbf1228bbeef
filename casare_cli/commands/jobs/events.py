"""`casare-rpa jobs events`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.shown import JobId, event_story, resolve_job_id
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import moment, one_line, plain
from casare_rpa.domain.json_values import Json

COLUMNS = (
    Column("SEQ", "seq"),
    Column("TIME", "timestamp", moment),
    Column("TYPE", "type"),
    Column("NODE", "data", lambda data: plain((data or {}).get("node_id"))),
    Column("", "data", event_story),
)


def run(
    ctx: typer.Context,
    job: JobId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    after: Annotated[
        int, typer.Option(min=0, help="Start behind the event with this sequence number.")
    ] = 0,
) -> None:
    """Show the history of a job, every event as the orchestrator keeps it.

    With `-o jsonl` an event is a line, all of it. With --follow a job that waits is waited for, a
    lost connection is taken up again behind the last event, and the exit code is 0 however the job
    ended.

    Examples:
        casare-rpa jobs events @latest
        casare-rpa jobs events job_1 -f -o jsonl | jq -r .type
        casare-rpa jobs events job_1 --after 120 -o json
    """
    from casare_cli.following.histories import History, resumed_by
    from casare_cli.following.watching import as_json_line

    app: App = ctx.obj
    whole: list[Json] = []
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        client.job(job_id)
        history = History(app, client, job_id, after=after)
        resuming = f"casare-rpa jobs events {job_id} -f --after"
        with resumed_by(app, lambda: f"{resuming} {history.seq}"):
            if follow:
                history.follow(_printer(app.out, whole))
            else:
                whole += map(as_json_line, history.stored())
    if not follow or app.out.prints_whole:
        app.out.list(whole, COLUMNS, name="type", empty="no events")


def _printer(out: Output, whole: list[Json]) -> Callable[[Json], None]:
    """How one event is printed as it comes; what is printed as a whole goes into *whole*."""
    from casare_cli.following.watching import as_json_line

    def show(event: Json) -> None:
        match out.format:
            case Format.JSON | Format.YAML:
                whole.append(as_json_line(event))
            case Format.JSONL:
                out.line_of_json(as_json_line(event))
            case Format.NAME:
                out.line(plain(event.get("type")))
            case Format.TABLE:
                out.line("\t".join(one_line(column.text(event)) for column in COLUMNS))
            case Format.NONE:
                pass

    return show
