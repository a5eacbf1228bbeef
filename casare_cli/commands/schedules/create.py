"""`casare-rpa schedules create`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.options import InputOption, PriorityOption, TimeoutOption
from casare_cli.lists.schedules import local
from casare_cli.terminal.answering import done_already
from casare_cli.terminal.output import Format
from casare_cli.terminal.values import inputs, positive_seconds
from casare_rpa.domain.json_values import Json


class CatchUp(StrEnum):
    LATEST = "latest"
    ALL = "all"
    NONE = "none"


def run(
    ctx: typer.Context,
    workflow: Annotated[
        str, typer.Argument(help="Id of a workflow, or a workflow file, which is pushed first.")
    ],
    cron: Annotated[
        str,
        typer.Option(
            metavar="FIELDS",
            help="Minute, hour, day of month, month, day of week; or @hourly, @daily, @weekly,"
            " @monthly, @yearly.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the schedule. Default: the workflow's id.")
    ] = None,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Where the times are meant, as Europe/Berlin.")
    ] = "UTC",
    input: InputOption = None,
    priority: PriorityOption = 10,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only robots with this tag run the jobs; repeatable.")
    ] = None,
    robot: Annotated[str | None, typer.Option(help="Only this robot may run them.")] = None,
    environment: Annotated[str, typer.Option(help="The pool of robots they go to.")] = "default",
    timeout: TimeoutOption = None,
    max_retries: Annotated[
        int, typer.Option(min=0, max=10, help="Run a job again this often when it fails.")
    ] = 0,
    catch_up: Annotated[
        CatchUp,
        typer.Option(help="Times missed while no server ran: fire the newest, all, or none."),
    ] = CatchUp.LATEST,
    disabled: Annotated[
        bool, typer.Option("--disabled", help="Make it without switching it on.")
    ] = False,
) -> None:
    """Make a schedule: a job of a workflow at the times that a cron expression names.

    The expression is read in the time zone given. The schedule's id is printed, alone when the
    output is no terminal, and the next times as notes.

    Examples:
        casare-rpa schedules create invoices --cron '0 6 * * 1-5' --timezone Europe/Berlin
        casare-rpa schedules create report.json --cron @daily --input region=north --name report
        casare-rpa schedules create poll --cron '*/5 8-18 * * *' --catch-up none
    """
    from casare_cli.workflows.files import pushed_id

    app: App = ctx.obj
    request: Json = {
        "cron_expression": cron,
        "timezone": timezone,
        "input_data": inputs(input or (), "--input"),
        "priority": priority,
        "tags": tag or [],
        "robot_id": robot,
        "environment": environment,
        "timeout_seconds": positive_seconds(timeout, "--timeout"),
        "max_retries": max_retries,
        "catch_up": catch_up.value,
        "enabled": not disabled,
    }
    with app.client() as client:
        request["workflow_id"] = pushed_id(app.out, client, workflow)
        request["schedule_name"] = name or request["workflow_id"]
        made = client.create_schedule(request)
    _print_made(app, made)


def _print_made(app: App, made: Json) -> None:
    schedule_id = str(made["schedule_id"])
    with done_already(
        f"schedule {schedule_id} was made", f"casare-rpa schedules delete {schedule_id}"
    ):
        if app.out.format not in (Format.TABLE, Format.NAME):
            app.out.item(made, (), name="schedule_id")
            return
        app.out.line(schedule_id)
    for text in made["next_runs"][:3]:
        app.out.note(f"  fires {local(text)} {made['timezone']}")
