"""`casare-rpa jobs retry`."""

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
from casare_cli.terminal.answering import done_already
from casare_cli.terminal.output import Format
from casare_rpa.domain.json_values import Json

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
    """Run a failed, cancelled or timed-out job again, as a new job with the same input.

    Prints the new job's id. With --filter all jobs that match are counted and, after a yes, run
    again one after the other; what fails is told and the rest goes on (exit 1 if any failed). Jobs
    that were retried or rerun before are left out then, so that the same command may be repeated.

    Examples:
        casare-rpa jobs watch $(casare-rpa jobs retry job_1)
        casare-rpa jobs retry --filter 'status=failed,timeout workflow=invoices' --yes
    """
    app: App = ctx.obj
    check_choice(job, filter or (), dry_run=dry_run)
    if job is None:
        act = Act(
            verb="retry",
            done="run again",
            statuses=("failed", "cancelled", "timeout"),
            do=_retry,
            answer="new_job_id",
            once=True,
        )
        return act_on_many(app, act, filter or (), yes=yes, dry_run=dry_run, rate=rate)
    with app.client() as client:
        result = _retry(client, resolve_job_id(client, job))
    new_id = str(result["new_job_id"])
    with done_already(f"job {new_id} was submitted", f"casare-rpa jobs watch {new_id}"):
        if app.out.format in (Format.TABLE, Format.NAME):
            app.out.line(new_id)
        else:
            app.out.item(result, (), name="new_job_id")
    return None


def _retry(client: OrchestratorClient, job_id: str) -> Json:
    return client.retry(job_id)
