"""`casare-rpa agent check`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App


def run(
    ctx: typer.Context,
    state_dir: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="The agent's state folder; else the usual one."),
    ] = None,
) -> int:
    """Look whether an agent could start here and would get jobs, without starting one.

    Settings, orchestrator, clock, key and robot, state folder, disk, journals of earlier starts,
    pause, capabilities: a line each, PASS, WARN, FAIL or SKIP, with what mends it. Run it as the
    user and with the environment that the agent has. Exits 1 when something fails.

    Examples:
        casare-rpa agent check --url https://rpa.example --api-key file:robot.key
        sudo -u robot casare-rpa agent check --state-dir /var/lib/casare-rpa-agent -o json
    """
    from casare_cli.checks.before_start import findings
    from casare_cli.checks.finding import State
    from casare_cli.checks.telling import tell

    app: App = ctx.obj
    is_bad = any(f.state is State.FAIL for f in tell(app, findings(app, state_dir)))
    return exit_codes.FAILED if is_bad else exit_codes.OK
