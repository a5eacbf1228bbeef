"""`casare-rpa doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App


def run(
    ctx: typer.Context,
    bundle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.zip",
            help="Also write what support needs into this file, without secrets.",
        ),
    ] = None,
) -> int:
    """Examine this installation: settings, key, orchestrator, clock, machine, robot.

    One line a check: PASS, WARN, FAIL with what mends it, or SKIP where there is nothing to look
    at. Exits 1 when something fails.

    Examples:
        casare-rpa doctor
        casare-rpa doctor -o json
        casare-rpa doctor --bundle support.zip
    """
    from casare_cli.checks import examine
    from casare_cli.checks.bundle import check_target, write
    from casare_cli.checks.finding import State
    from casare_cli.checks.telling import tell

    app: App = ctx.obj
    if bundle is not None:
        check_target(bundle)
    findings = tell(app, examine(app))
    if bundle is not None:
        write(bundle, app, findings)
        app.out.note(f"wrote {bundle}; look into it before you give it away")
    is_bad = any(finding.state is State.FAIL for finding in findings)
    return exit_codes.FAILED if is_bad else exit_codes.OK
