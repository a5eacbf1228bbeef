"""`casare-rpa jobs rerun`."""

from __future__ import annotations

from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.options import FollowOption, WaitOption, WaitTimeoutOption
from casare_cli.jobs.reruns import acts_again, ask, print_made, show_plan
from casare_cli.jobs.shown import JobId, resolve_job_id
from casare_cli.terminal.output import Format
from casare_cli.terminal.prompts import is_somebody_there
from casare_cli.terminal.values import duration_seconds, inputs
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput


def run(
    ctx: typer.Context,
    job: JobId,
    failed: Annotated[
        bool, typer.Option("--failed", help="Go on at the node where it failed or stopped.")
    ] = False,
    from_node: Annotated[
        str | None, typer.Option(metavar="NODE", help="Go on at this node, which had begun.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Begin at the first node again.")] = False,
    set: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Another value for a variable: name=text or name:=json; may be repeated.",
        ),
    ] = None,
    latest: Annotated[
        bool, typer.Option("--latest", help="With the workflow as it is now, not as it ran.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would run again.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask, also where side effects happen again.")
    ] = False,
    wait: WaitOption = False,
    follow: FollowOption = False,
    wait_timeout: WaitTimeoutOption = None,
) -> int | None:
    """Run a job again where it stood, as a new job; what finished nodes came to is reused.

    First it is shown which side effects already happened, which nodes are reused and which may run.
    Where a side effect would happen again it asks on a terminal, and needs --yes elsewhere. The new
    job's id is printed.

    A run can begin at every node of the outermost chain that had begun. A loop, a try or another
    workflow that is called runs as a whole: name the node that opens it. Where a value that is
    needed was not kept (a secret, an open connection, something large) the error says which, and
    the latest node before that works.

    Examples:
        casare-rpa jobs rerun @latest --failed --dry-run
        casare-rpa jobs rerun job_1 --failed --set path=/data/november.csv --follow
        casare-rpa jobs rerun job_1 --from-node send --yes --wait
        casare-rpa jobs rerun job_1 --all --latest
    """
    app: App = ctx.obj
    request: Json = {
        **_start(failed, from_node, all),
        "variables": inputs(set or (), "--set"),
        "latest": latest,
    }
    wait_seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        job_id = resolve_job_id(client, job)
        plan = client.rerun(job_id, {**request, "dry_run": True})
        _show(app, plan, dry_run=dry_run)
        if dry_run:
            return None
        if not yes:
            ask(plan)
        done = client.rerun(job_id, {**request, "accept_side_effects": True})
        waits = wait or follow or wait_timeout is not None
        print_made(app.out, done, waits=waits)
        if not waits:
            return None
        from casare_cli.following.follow import follow_job

        return follow_job(
            app,
            client,
            str(done["new_job_id"]),
            steps=follow,
            wait_seconds=wait_seconds,
            stream=app.out.stderr,
        )


def _show(app: App, plan: Json, *, dry_run: bool) -> None:
    """On stdout where it is the answer, else on stderr; with --quiet only what needs a decision.

    A program that reads JSON decides by --dry-run: only a person is shown the plan beside it.
    """
    out = app.out
    if dry_run and out.format is not Format.TABLE:
        out.item(plan, (), name="from_node")
    elif dry_run:
        show_plan(out, plan, out.stdout)
    elif out.wants_json and not is_somebody_there():
        return
    elif not app.quiet or acts_again(plan):
        show_plan(out, plan, out.stderr)


def _start(failed: bool, from_node: str | None, all: bool) -> Json:
    if failed + (from_node is not None) + all != 1:
        raise InvalidInput(
            "say where to begin: --failed, --from-node NODE or --all",
            hint="casare-rpa jobs rerun JOB --failed --dry-run",
        )
    if from_node is not None:
        return {"start": "node", "from_node": from_node}
    return {"start": "failed" if failed else "all"}
