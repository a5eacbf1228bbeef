"""`casare-rpa robots drain`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_cli.lists.robots import Note, RobotId, show_rest
from casare_cli.terminal.values import duration_seconds
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_LOOK_SECONDS = 0.5


def run(
    ctx: typer.Context,
    robot: RobotId,
    deadline: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Give back what still runs after this time."),
    ] = None,
    note: Note = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when the robot runs nothing any more.")
    ] = False,
    wait_timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Wait no longer (exit 8).")
    ] = None,
) -> int:
    """Give a robot no new jobs and let it finish what it runs.

    Jobs that still run at the deadline are stopped and go back to the queue, which does not count
    against them. The drain ends with `robots resume` or the robot's next start.

    Examples:
        casare-rpa robots drain invoices-1 --deadline 10m --note "moves to another rack" --wait
    """
    app: App = ctx.obj
    change = {
        "draining": True,
        "note": note or "",
        "drain_seconds": duration_seconds(deadline, "--deadline"),
    }
    seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        drained = client.set_robot_status(robot, change)
        idle = not wait or _idle_within(client, robot, seconds)
        if wait:
            drained = client.robot(robot)
    show_rest(app.out, drained)
    if not idle:
        app.out.note(f"still running: {', '.join(drained['current_job_ids'])}")
    return exit_codes.OK if idle else exit_codes.STILL_RUNNING


def _idle_within(client: OrchestratorClient, robot: str, seconds: float | None) -> bool:
    until = None if seconds is None else time.monotonic() + seconds
    while _look(client, robot).get("current_job_ids", True):
        if until is not None and time.monotonic() >= until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _look(client: OrchestratorClient, robot: str) -> Json:
    """The robot; an orchestrator that is away for a moment tells nothing."""
    try:
        return client.robot(robot)
    except CasareError as error:
        if not error.retryable:
            raise
        return {}
