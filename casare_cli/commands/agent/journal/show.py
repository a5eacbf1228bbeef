"""`casare-rpa agent journal show`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.journals import StateDir, folders_with_journals
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import NotFound

COLUMNS = (
    Column("NAME", "name"),
    Column("JOB", "job_id"),
    Column("ATTEMPT", "attempt"),
    Column("ROBOT", "robot_id"),
    Column("WORKFLOW", "workflow_name"),
    Column("STATE", "state"),
    Column("ENDING", "ending"),
    Column("EVENTS", "events"),
    Column("BYTES", "bytes"),
    Column("UNREADABLE BYTES", "unreadable_bytes"),
    Column("CHANGED", "modified", moment),
    Column("FILE", "file"),
    Column("OUTCOME", "outcome"),
)


def run(
    ctx: typer.Context,
    journal: Annotated[
        str, typer.Argument(help="Name of the journal, as `list` shows it, or the job's id.")
    ],
    tail: Annotated[
        int, typer.Option(min=0, help="Show this many of the last events; 0: all.")
    ] = 20,
    state_dir: StateDir = None,
) -> None:
    """Show what a journal holds: its attempt, its last events, how it ended.

    The token that proves the attempt is not shown. `-o jsonl` prints one event a line. What cannot
    be read is counted in bytes. Exits 4 when there is no such journal.

    Examples:
        casare-rpa agent journal show 01a208a0-6f86-77ad-8a44-30a02c80c768-1
        casare-rpa agent journal show 01a208a0-6f86-77ad-8a44-30a02c80c768 --tail 0 -o jsonl
    """
    app: App = ctx.obj
    from agent.inventory import find, read, summary

    folders = folders_with_journals(app, state_dir)
    path = find(folders, journal)
    if path is None:
        raise NotFound(
            f"no journal is called {journal!r} in {folders.journal}",
            hint="See: casare-rpa agent journal list",
        )
    contents = read(path, most_events=tail or None)
    shown = {**summary(path, folders), "outcome": _untagged(contents.outcome)}
    _print(app, shown, list(contents.last))


def _untagged(outcome: Json | None) -> Json | None:
    if outcome is None:
        return None
    return {name: value for name, value in outcome.items() if name != "kind"}


def _print(app: App, shown: Json, events: list[Json]) -> None:
    out = app.out
    if out.format is out.format.JSONL:
        for event in events:
            out.line_of_json(event)
        return
    out.item({**shown, "last_events": events} if out.wants_json else shown, COLUMNS, name="name")
    if out.format is out.format.TABLE:
        for event in events:
            out.line(_line(event))


def _line(event: Json) -> str:
    data = event.get("data") or {}
    about = data.get("node_id") or data.get("message") or ""
    return f"{event['index']:>6}  {moment(event.get('timestamp'))}  {event.get('type')}  {about}"
