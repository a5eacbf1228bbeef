"""`casare-rpa agent drain`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.machine.agent import (
    Note,
    StateDir,
    WaitTimeout,
    ask_to_stop,
    no_agent,
    running,
    wait_until_gone,
)
from casare_cli.terminal.values import duration_seconds


def run(
    ctx: typer.Context,
    deadline: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Give back what still runs after this time."),
    ] = None,
    note: Note = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when the agent has ended.")] = False,
    wait_timeout: WaitTimeout = None,
    state_dir: StateDir = None,
) -> int:
    """Let the agent on this machine finish what it runs, then end (exit code 0).

    It takes no new job. Without --deadline running jobs get the time that they need.

    Examples:
        casare-rpa agent drain --deadline 10m --note "new kernel" --wait
    """
    from agent.machine.control import AS_LONG_AS_IT_TAKES, StopRequest

    app: App = ctx.obj
    seconds = duration_seconds(deadline, "--deadline")
    patience = duration_seconds(wait_timeout, "--wait-timeout")
    folder, status = running(app, state_dir)
    if status is None:
        raise no_agent(folder)
    allowed = AS_LONG_AS_IT_TAKES if seconds is None else seconds
    start_id = str(status["start_id"])
    request = StopRequest(start_id=start_id, drain_seconds=allowed, note=note or "draining")
    ask_to_stop(app, folder, status, request)
    return wait_until_gone(app, folder, start_id, patience) if wait else exit_codes.OK
