"""`casare-rpa agent resume`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.machine.agent import StateDir, running


def run(ctx: typer.Context, state_dir: StateDir = None) -> None:
    """Let the agent on this machine take jobs again: end its pause.

    A pause or drain that the orchestrator asked for ends with `casare-rpa robots resume`. Resuming
    an agent that is not paused is no error.

    Examples:
        casare-rpa agent resume
    """
    from agent.machine import control

    app: App = ctx.obj
    folder, status = running(app, state_dir)
    if folder.is_dir():
        control.pause(folder, None)
    text = "the agent takes jobs again" if status else "not paused; no agent is running"
    app.out.done({"paused": False}, name="paused", text=text)
