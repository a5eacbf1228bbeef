"""`casare-rpa jobs submit`."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.output import Format, Json, Output
from casare_cli.values import duration_seconds, inputs
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient

_AUTO = "auto:"


def run(
    ctx: typer.Context,
    workflow: Annotated[
        str, typer.Argument(help="Id of a workflow, or a workflow file, which is pushed first.")
    ],
    input: Annotated[
        list[str] | None,
        typer.Option(
            "--input",
            "-i",
            metavar="INPUT",
            help="name=text, name:=json, @FILE.json or - (stdin); may be repeated.",
        ),
    ] = None,
    priority: Annotated[
        int, typer.Option(min=0, max=20, help="0 is the most urgent.", show_default=True)
    ] = 10,
    tag: Annotated[list[str] | None, typer.Option(help="Label of the job; repeatable.")] = None,
    robot: Annotated[str | None, typer.Option(help="Only this robot may run it.")] = None,
    environment: Annotated[str, typer.Option(help="The pool of robots it goes to.")] = "default",
    timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Longest run, such as 10m.")
    ] = None,
    max_retries: Annotated[
        int, typer.Option(min=0, max=10, help="Run it again this often when it fails.")
    ] = 0,
    start_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Start no earlier than in this time.")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Submit once for this key; auto:minute, auto:hour or auto:day makes one"
            " of workflow, input and time.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", "-w", help="Wait for the end; exit with the outcome.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show the steps until the end, on stderr.")
    ] = False,
    wait_timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Wait no longer than this (exit 8).")
    ] = None,
) -> int | None:
    """Submit a job for the next free robot.

    A workflow file is checked and pushed first; the same content again makes no new version. The
    job's id is printed, alone when the output is no terminal. With --wait or --follow the exit
    code is the job's outcome; Ctrl-C then stops waiting, not the job.

    Examples:
        casare-rpa jobs submit invoices --input month=11 --input rows:=250 --follow
        casare-rpa jobs submit invoices.json --input @input.json --wait --wait-timeout 10m
        casare-rpa jobs submit nightly --quiet --idempotency-key auto:minute
    """
    app: App = ctx.obj
    request: Json = {
        "input_data": inputs(input or (), "--input"),
        "priority": priority,
        "tags": tag or [],
        "robot_id": robot,
        "environment": environment,
        "max_retries": max_retries,
        "timeout_seconds": duration_seconds(timeout, "--timeout"),
        "not_before": _not_before(start_in),
    }
    waits = wait or follow or wait_timeout is not None
    wait_seconds = duration_seconds(wait_timeout, "--wait-timeout")
    with app.client() as client:
        request["workflow_id"] = _workflow_id(app.out, client, workflow)
        key = _idempotency_key(idempotency_key, request)
        job = client.submit(request, idempotency_key=key)
        _print_submitted(app, job, waits=waits)
        if not waits:
            return None
        from casare_cli.following import follow_job

        return follow_job(
            app,
            client,
            str(job["job_id"]),
            steps=follow,
            wait_seconds=wait_seconds,
            stream=app.out.stderr,
        )


def _workflow_id(out: Output, client: OrchestratorClient, word: str) -> str:
    from casare_cli import workflow_files

    if not workflow_files.looks_like_file(word):
        return word
    pushed = workflow_files.push_file(client, Path(word))
    if pushed.get("created", True):
        out.note(f"pushed {word} as {pushed['workflow_id']} version {pushed['version']}")
    return str(pushed["workflow_id"])


def _not_before(start_in: str | None) -> str | None:
    seconds = duration_seconds(start_in, "--start-in")
    if seconds is None:
        return None
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


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
    stable: dict[str, Any] = {k: v for k, v in request.items() if k != "not_before"}
    digest = hashlib.sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()[:24]
    return f"{_AUTO}{datetime.now(UTC).isoformat()[: lengths[unit]]}:{digest}"


def _print_submitted(app: App, job: Json, *, waits: bool) -> None:
    out = app.out
    if out.format is Format.NONE or (out.wants_json and waits):
        return  # the finished job, or its events, are the answer
    if out.wants_json:
        out.json(job)
    elif not app.quiet or out.format is Format.NAME:
        out.line(str(job["job_id"]))
    if not waits and out.on_terminal():
        out.note(f"  watch it: casare-rpa jobs watch {job['job_id']}")
