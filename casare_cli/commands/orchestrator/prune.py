"""`casare-rpa orchestrator prune`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.terminal.prompts import confirm
from casare_cli.terminal.values import positive_seconds


def run(
    ctx: typer.Context,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="DURATION", help="Ended before, such as 30d.")
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete old finished jobs with their history, logs, results and dead letters.

    The orchestrator goes on meanwhile: a few jobs are deleted at a time. Needs an administrator's
    key. Asks first on a terminal; elsewhere --yes is needed. With the setting retention_days it
    happens by itself.

    Examples:
        casare-rpa orchestrator prune --older-than 30d --dry-run
        casare-rpa orchestrator prune --older-than 30d --yes
    """
    app: App = ctx.obj
    seconds = positive_seconds(older_than, "--older-than") or 0.0
    if not (dry_run or yes):
        again = f"casare-rpa orchestrator prune --older-than {older_than} --yes"
        confirm(f"Delete all jobs that ended more than {older_than} ago?", again)
    total = 0
    with app.client(or_admin_key=True) as client:
        more = True
        while more:
            done = client.prune_jobs(older_than_seconds=seconds, dry_run=dry_run)
            total += int(done["jobs"])
            more = bool(done["more"])
    result = {"jobs": total, "dry_run": dry_run}
    text = f"{total} jobs would be deleted" if dry_run else f"{total} jobs are deleted"
    app.out.done(result, name="jobs", text=text)
