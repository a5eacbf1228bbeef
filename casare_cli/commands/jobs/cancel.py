"""`casare-rpa jobs cancel`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from casare_cli.context import App
from casare_cli.jobs.filters import FilterOption
from casare_cli.jobs.many import (
    Act,
    DryRunOption,
    RateOption,
    YesOption,
    act_on_many,
    check_choice,
)
from casare_cli.jobs.shown import JobIdOrFilter, resolve_job_id
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidTransition

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient


def run(
    ctx: typer.Context,
    job: JobIdOrFilter = None,
    filter: FilterOption = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    rate: RateOption = 20,
) -> int | None:
    """Stop a job: one that waits at once, one that runs as soon as its robot hears of it.

    Cancelling a cancelled job again is no error; one that ended otherwise is a conflict (exit 9).
    With --filter all jobs that match are counted and, after a yes, stopped one after the other;
    what fails is told and the rest goes on (exit 1 if any failed).

    Examples:
        casare-rpa jobs cancel @latest
        casare-rpa jobs cancel --filter 'status=pending workflow=invoices' --dry-run
        casare-rpa jobs cancel --filter 'tag=nightly older-than=2h' --yes
    """
    app: App = ctx.obj
    check_choice(job, filter or (), dry_run=dry_run)
    if job is None:
        statuses = ("pending", "claimed", "running")
        act = Act(verb="cancel", done="cancelled or asked to stop", statuses=statuses, do=_cancel)
        return act_on_many(app, act, filter or (), yes=yes, dry_run=dry_run, rate=rate)
    with app.client() as client:
        result = _cancel(client, resolve_job_id(client, job))
    app.out.done(result, name="job_id", text=f"job {result['job_id']}: {result['message']}")
    return None


def _cancel(client: OrchestratorClient, job_id: str) -> Json:
    result = client.cancel(job_id)
    previous = str(result["previous_status"])
    if not result["cancelled"] and previous != "cancelled":
        raise InvalidTransition(
            f"job {result['job_id']} cannot be cancelled: it is {previous}",
            hint=f"casare-rpa jobs get {result['job_id']}",
        )
    return result
