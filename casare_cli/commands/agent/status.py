"""`casare-rpa agent status`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import typer

from casare_cli.context import App
from casare_cli.machine.agent import StateDir, no_agent, running
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import milliseconds, moment

if TYPE_CHECKING:
    from casare_rpa.domain.json_values import Json


def run(ctx: typer.Context, state_dir: StateDir = None) -> None:
    """Show how the agent on this machine is: what it runs, whether it reaches the orchestrator.

    It needs no orchestrator. Exits 4 when no agent runs with this state folder.

    Examples:
        casare-rpa agent status -o json
    """
    app: App = ctx.obj
    folder, status = running(app, state_dir)
    if status is None:
        raise no_agent(folder)
    up_seconds = round(time.time() - float(status["process_started"]), 1)
    shown = {"state_dir": str(folder), "uptime_seconds": up_seconds, **status}
    app.out.item(shown, _COLUMNS, name="robot_id")


def _reachable(status: Json) -> str:
    since = moment(status.get("reachable_changed_at"))
    return f"{'yes' if status.get('reachable') else 'no'}{f', since {since}' if since else ''}"


def _jobs(jobs: Any) -> str:
    return ", ".join(f"{job['job_id']} ({job['workflow']})" for job in jobs or ()) or "none"


_COLUMNS = (
    Column("robot", "robot_id"),
    Column("process", "pid"),
    Column("version", "version"),
    Column("up for", "uptime_seconds", lambda seconds: milliseconds(seconds * 1000)),
    Column("state", "state"),
    Column("because", "why"),
    Column("orchestrator", "orchestrator_url"),
    Column("reachable", "", _reachable),
    Column("jobs", "jobs", _jobs),
    Column("undelivered", "undelivered"),
    Column("state folder", "state_dir"),
)
