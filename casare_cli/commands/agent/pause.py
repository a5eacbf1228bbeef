"""`casare-rpa agent pause`."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.machine.agent import Note, StateDir, running
from casare_cli.terminal.values import positive_seconds
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    note: Note = None,
    period: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help="Resume by itself after this time."),
    ] = None,
    state_dir: StateDir = None,
) -> None:
    """Let the agent on this machine take no new jobs for a while; what it runs goes on.

    The pause stays when the agent is restarted, until `agent resume` or the end of --for. The
    orchestrator is told, and cannot end it. Without a running agent it waits for the next start.

    Examples:
        casare-rpa agent pause --for 30m --note "I need the screen"
    """
    from agent.machine import control

    app: App = ctx.obj
    if note and len(note) > control.LONGEST_NOTE:
        raise InvalidInput(f"--note: at most {control.LONGEST_NOTE} characters")
    seconds = positive_seconds(period, "--for")
    folder, status = running(app, state_dir)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = None if seconds is None else time.time() + seconds
    asked = control.Pause(note=note or "", until=until)
    control.pause(folder, asked)
    when = "now" if status else "from its next start on"
    app.out.done(asdict(asked), name="until", text=f"the agent takes no new jobs {when}")
