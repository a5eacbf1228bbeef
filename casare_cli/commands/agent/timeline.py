"""`casare-rpa agent timeline`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.agent import StateDir, state_folder
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment
from casare_cli.terminal.values import positive_seconds
from casare_rpa.errors import InvalidInput

_COLUMNS = (
    Column("TIME", "at", moment),
    Column("WHAT", "what"),
    Column("JOB", "job_id"),
    Column("TEXT", "text"),
)


def run(
    ctx: typer.Context,
    since: Annotated[
        str, typer.Option(metavar="DURATION", help="How far to look back; all: as far as it goes.")
    ] = "24h",
    job: Annotated[str | None, typer.Option(metavar="ID", help="Only this job's entries.")] = None,
    what: Annotated[
        str | None,
        typer.Option(metavar="WORD", help="Only entries like job, job.ended or orchestrator."),
    ] = None,
    state_dir: StateDir = None,
) -> None:
    """Show what happened to the agent on this machine, in the order in which it happened.

    Starts and ends, claims, jobs, lost and regained contact, pauses, drains, a full disk, steps of
    the clock. The agent keeps it in its state folder (the last 2 to 4 MiB), whatever becomes of
    it; no agent and no orchestrator is needed to read it. Where the clock was set, --since counts
    the time that went by.

    Examples:
        casare-rpa agent timeline --since 2h
        casare-rpa agent timeline --since all --what orchestrator -o jsonl
    """
    from datetime import timedelta

    from agent.machine.timeline import entries

    app: App = ctx.obj
    seconds = None if since == "all" else positive_seconds(since, "--since")
    folder = state_folder(app, state_dir)
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is no folder", hint="Name the agent's with --state-dir.")
    items = [
        entry
        for entry in entries(folder, since=timedelta(seconds=seconds) if seconds else None)
        if (job is None or entry.get("job_id") == job)
        and (what is None or f"{entry['what']}.".startswith(f"{what}."))
    ]
    app.out.list(items, _COLUMNS, name="what", empty=f"nothing is written down in {folder}")
