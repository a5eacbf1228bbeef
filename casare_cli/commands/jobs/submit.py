"""`casare-rpa jobs submit`."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.jobs.options import (
    FollowOption,
    InputOption,
    PriorityOption,
    TimeoutOption,
    WaitOption,
    WaitTimeoutOption,
)
from casare_cli.terminal.answering import done_already
from casare_cli.terminal.output import Format
from casare_cli.terminal.times import shown_local, time_of_day
from casare_cli.terminal.values import duration_seconds, inputs, positive_seconds
from casare_rpa.domain.jobs import OnConflict, OnLost
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_AUTO = "auto:"


def run(
    ctx: typer.Context,
    workflow: Annotated[
        str,
        typer.Argument(help="Id or name of a workflow, or a workflow file, which is pushed first."),
    ],
    input: InputOption = None,
    priority: PriorityOption = 10,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only robots with this tag may run it; repeatable.")
    ] = None,
    robot: Annotated[str | None, typer.Option(help="Only this robot may run it.")] = None,
    environment: Annotated[str, typer.Option(help="The pool of robots it goes to.")] = "default",
    timeout: TimeoutOption = None,
    max_retries: Annotated[
        int, typer.Option(min=0, max=10, help="Run it again this often when it fails.")
    ] = 0,
    on_lost: Annotated[
        OnLost | None,
        typer.Option(
            help="If its robot is lost in the middle: run it again, or end it as failed"
            " (default: as the workflow says, else requeue)."
        ),
    ] = None,
    start_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Start no earlier than in this time.")
    ] = None,
    start_at: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Start no earlier than then: HH:MM by this machine's clock, or ISO 8601 with a"
            " time zone.",
        ),
    ] = None,
    on_conflict: Annotated[
        OnConflict,
        typer.Option(
            help="While a job of the workflow has not ended: refuse (exit 9), answer with that"
            " job, submit all the same, or do nothing.",
        ),
    ] = OnConflict.QUEUE,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Submit once for this key; auto:minute, auto:hour or auto:day makes one"
            " of workflow, input and time.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would be sent and which robots could run it; send nothing."
        ),
    ] = False,
    wait: WaitOption = False,
    follow: FollowOption = False,
    wait_timeout: WaitTimeoutOption = None,
) -> int | None:
    """Submit a job for the next free robot.

    A workflow file is checked and pushed first; the same content again makes no new version. The
    job's id is printed, alone when the output is no terminal. With --wait or --follow the exit
    code is the job's outcome; Ctrl-C and SIGTERM then stop waiting, not the job. With --dry-run
    the exit code is 9 if --on-conflict would refuse the job, 12 if no robot could ever run it.

    Examples:
        casare-rpa jobs submit invoices --input month=11 --input rows:=250 --follow
        casare-rpa jobs submit invoices.json --input @input.json --wait --wait-timeout 10m
        casare-rpa jobs submit nightly --quiet --idempotency-key auto:minute
        casare-rpa jobs submit nightly --on-conflict skip --start-at 18:30
        casare-rpa jobs submit invoices --tag gpu --dry-run
    """
    app: App = ctx.obj
    request: Json = {
        "input_data": inputs(input or (), "--input"),
        "priority": priority,
        "tags": tag or [],
        "robot_id": robot,
        "environment": environment,
        "max_retries": max_retries,
        **({"on_lost": on_lost.value} if on_lost else {}),
        "timeout_seconds": positive_seconds(timeout, "--timeout"),
        **_start(app, start_in, start_at),
        **({"on_conflict": on_conflict.value} if on_conflict is not OnConflict.QUEUE else {}),
    }
    waits = wait or follow or wait_timeout is not None
    wait_seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        if dry_run:
            from casare_cli.jobs.dry_runs import show_dry_run

            return show_dry_run(app.out, client, workflow, request)
        job = _submit(app, client, workflow, request, idempotency_key)
        is_left_out = on_conflict is OnConflict.SKIP and not job.get("submitted", True)
        if is_left_out:
            _tell_left_out(app, job)
            return None
        _print_submitted(app, job, waits=waits)
        _tell_start(app, job, request)
        if request["input_data"] and not app.quiet:
            from casare_cli.workflows.inputs import note_misspelt_of

            names = request["input_data"]
            note_misspelt_of(app.out, client, request["workflow_id"], names, "--input")
        if not waits:
            return None
        from casare_cli.following.follow import follow_job

        return follow_job(
            app,
            client,
            str(job["job_id"]),
            steps=follow,
            wait_seconds=wait_seconds,
            stream=app.out.stderr,
        )


def _submit(
    app: App, client: OrchestratorClient, workflow: str, request: Json, key: str | None
) -> Json:
    from casare_cli.workflows.files import pushed_id

    request["workflow_id"] = pushed_id(app.out, client, workflow)
    try:
        return client.submit(request, idempotency_key=_idempotency_key(key, request))
    except KeyboardInterrupt:
        app.out.note(
            "stopped while submitting: the job may be in the queue; look with:\n"
            f"  casare-rpa jobs list --workflow {request['workflow_id']}"
        )
        raise


def _start(app: App, start_in: str | None, start_at: str | None) -> Json:
    """When the job may start, as the request says it; the server's clock counts a delay."""
    if start_in is not None and start_at is not None:
        raise InvalidInput("--start-in and --start-at: give one of them")
    if start_at is not None:
        start = time_of_day(start_at, "--start-at")
        if start <= datetime.now(UTC):
            app.out.aside(f"note: --start-at {start_at} is over: the job may start at once")
        return {"not_before": start.isoformat()}
    seconds = duration_seconds(start_in, "--start-in")
    return {} if seconds is None else {"start_in_seconds": seconds}


def _idempotency_key(word: str | None, request: Json) -> str | None:
    """*word*, or for `auto:minute` a key that is the same for the same request in that minute."""
    if word is None or not word.startswith(_AUTO):
        return word
    lengths = {"minute": 16, "hour": 13, "day": 10}
    unit = word.removeprefix(_AUTO)
    if unit not in lengths:
        raise InvalidInput(
            f"--idempotency-key: {word!r} is none of auto:minute, auto:hour, auto:day"
        )
    digest = hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()[:24]
    return f"{_AUTO}{datetime.now(UTC).isoformat()[: lengths[unit]]}:{digest}"


def _tell_start(app: App, job: Json, request: Json) -> None:
    """When the job may start, if that is later than now."""
    if not job.get("submitted", True):
        return
    made = job.get("created_at")
    created = datetime.fromisoformat(made) if made else datetime.now(UTC)
    start = created + timedelta(seconds=request.get("start_in_seconds") or 0)
    if not_before := request.get("not_before"):
        start = datetime.fromisoformat(not_before)
    if start > created:
        app.out.aside(f"  starts no earlier than {shown_local(start)}")


def _tell_left_out(app: App, job: Json) -> None:
    if app.out.wants_json:
        app.out.json(job)
    app.out.note(_left_out(job))


def _submitted(job: Json) -> str:
    return f"job {job['job_id']} was submitted" if job.get("submitted", True) else _left_out(job)


def _left_out(job: Json) -> str:
    return f"nothing submitted: job {job['job_id']} is {job['status']} already"


def _print_submitted(app: App, job: Json, *, waits: bool) -> None:
    out = app.out
    if out.format is Format.NONE or (out.wants_json and waits):
        return  # the finished job, or its events, are the answer
    with done_already(_submitted(job), f"casare-rpa jobs watch {job['job_id']}"):
        if out.wants_json:
            out.json(job)
        elif not app.quiet or out.format is Format.NAME:
            out.line(str(job["job_id"]))
    if not job.get("submitted", True):
        out.note(_left_out(job))
    if not waits and out.on_terminal():
        out.note(f"  watch it: casare-rpa jobs watch {job['job_id']}")
