"""`casare-rpa agent stop`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.machine.agent import StateDir, WaitTimeout, ask_to_stop, running, wait_until_gone
from casare_cli.terminal.values import duration_seconds


def run(
    ctx: typer.Context,
    now: Annotated[
        bool, typer.Option("--now", help="Give running jobs back at once, with no time to end.")
    ] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return at once instead of when it has ended.")
    ] = False,
    wait_timeout: WaitTimeout = None,
    state_dir: StateDir = None,
) -> int:
    """Stop the agent on this machine, as the first SIGTERM does; return when it has ended.

    Running jobs get its drain timeout (60 s unless set); those that take longer are given back. An
    agent that does not run is no error. Under systemd use `systemctl stop`, else it is restarted.

    Examples:
        casare-rpa agent stop
        casare-rpa agent stop --now --wait-timeout 1m
    """
    from agent.machine.control import StopRequest

    app: App = ctx.obj
    patience = duration_seconds(wait_timeout, "--wait-timeout")
    folder, status = running(app, state_dir)
    if status is None:
        text = f"no agent is running with the state folder {folder}"
        app.out.done({"start_id": None, "running": False}, name="start_id", text=text)
        return exit_codes.OK
    start_id = str(status["start_id"])
    request = StopRequest(start_id=start_id, drain_seconds=0 if now else None)
    ask_to_stop(app, folder, status, request)
    return exit_codes.OK if no_wait else wait_until_gone(app, folder, start_id, patience)
