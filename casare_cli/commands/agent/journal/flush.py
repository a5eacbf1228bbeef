"""`casare-rpa agent journal flush`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.exit_codes import OK, UNREACHABLE
from casare_cli.machine.journals import StateDir, folders_of
from casare_cli.terminal.columns import Column
from casare_cli.terminal.values import duration_seconds
from casare_rpa.errors import Conflict

COLUMNS = (
    Column("JOB", "job_id"),
    Column("ATTEMPT", "attempt"),
    Column("RESULT", "result"),
    Column("REPORTED", "reported"),
)
_REFUSED = 9


def run(
    ctx: typer.Context,
    timeout: Annotated[
        str, typer.Option(metavar="DURATION", help="Give up trying after this time.")
    ] = "30s",
    state_dir: StateDir = None,
) -> int:
    """Deliver what is waiting, without starting the agent.

    For a robot that is not to run again; it needs the robot's own key. Outcomes that are known are
    delivered, attempts without one are reported as lost. Nothing is claimed or run. It refuses
    while an agent uses the folder: that one delivers by itself. Running it again is harmless.

    Exits 0 when all is delivered, 9 when an agent is running or something was refused because the
    job was given to another robot (its journal is kept apart), 3 when something could not be
    delivered in time and is kept: an orchestrator that is away is tried again until then.

    Examples:
        casare-rpa agent journal flush --api-key file:robot.key
        casare-rpa agent journal flush --timeout 5m -o json
    """
    app: App = ctx.obj
    patience = duration_seconds(timeout, "--timeout") or 0.0
    from agent.flush import Flush
    from agent.machine.lock import holder_of, only_agent_in

    folders = folders_of(app, state_dir)
    if (pid := holder_of(folders.root)) is not None:
        raise Conflict(
            f"the agent (process {pid}) is at work in {folders.root} and delivers by itself",
            hint="Stop it first, if it is not to run any more.",
        )
    folders.make()
    with only_agent_in(folders.root), app.client() as client:
        flush = Flush(folders, client, app.settings, patience_seconds=patience)
        items = [asdict(flushed) for flushed in flush.run()]
    app.out.list(items, COLUMNS, name="job_id", empty="nothing was waiting")
    results = {item["result"] for item in items}
    return UNREACHABLE if "kept" in results else _REFUSED if "refused" in results else OK
