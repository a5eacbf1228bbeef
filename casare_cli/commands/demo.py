"""`casare-rpa demo`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import ConfigInvalid

if TYPE_CHECKING:
    from casare_cli.fleet.demo import DemoFleet


@cache
def _kept_folder() -> Path:
    from tempfile import gettempdir

    return Path(gettempdir()) / "casare-demo"


def _new_folder() -> Path:
    from tempfile import mkdtemp

    return Path(mkdtemp(prefix="casare-demo-"))


def run(
    ctx: typer.Context,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running for exploring.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop what --keep left running.")] = False,
    folder: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Where the input and the report go (a new folder)."),
    ] = None,
) -> int:
    """See the whole system work: an orchestrator, a robot and a job on real input.

    Starts an orchestrator on an embedded database and a free loopback port, makes keys, starts a
    robot, pushes a workflow that reads a CSV of invoices, asks an HTTP endpoint for exchange rates
    and writes a JSON report, submits a job and shows its steps. Needs no server and no account;
    nothing is left running unless --keep is given. Exits with the job's outcome.

    Examples:
        casare-rpa demo
        casare-rpa demo --keep
        casare-rpa demo --stop
    """
    app: App = ctx.obj
    if stop:
        return _stop(app, (folder or _kept_folder()).absolute())
    if find_spec("fastapi") is None or find_spec("sqlalchemy") is None:
        raise ConfigInvalid(
            "the demo needs the orchestrator, which is not installed",
            hint="pip install 'casare-rpa[orchestrator]'",
        )
    from casare_cli.fleet.demo import DemoFleet

    place = folder or (_kept_folder() if keep else _new_folder())
    fleet = DemoFleet(place.absolute())
    fleet.prepare()
    with _stopped_at_the_end(fleet, keep):
        _start(app, fleet)
        code, job = _run_job(app, fleet)
        if keep:
            fleet.keep()
    _show(app, fleet, job, keep)
    return code


def _start(app: App, fleet: DemoFleet) -> None:
    note = app.out.note
    note("starting an orchestrator on an embedded database")
    fleet.start_orchestrator()
    note(f"  it answers at {fleet.url}")
    note("starting a robot and a small web server with exchange rates")
    fleet.start_rates()
    fleet.start_robot()


def _run_job(app: App, fleet: DemoFleet) -> tuple[int, Json]:
    from casare_cli.following.follow import follow_job
    from casare_cli.workflows.files import push_file
    from casare_rpa.client import OrchestratorClient

    app.key = fleet.api_key
    with OrchestratorClient(fleet.url, fleet.api_key) as client:
        pushed = push_file(client, fleet.folder / "invoices.json")
        app.out.note(f"pushed workflow {pushed['workflow_id']}, version {pushed['version']}")
        job = client.submit({"workflow_id": pushed["workflow_id"], "input_data": _input(fleet)})
        app.out.note(f"submitted job {job['job_id']}")
        code = follow_job(app, client, job["job_id"], steps=True)
        return code, client.job(job["job_id"])


def _input(fleet: DemoFleet) -> Json:
    return {
        "invoices_file": str(fleet.folder / "invoices.csv"),
        "report_file": str(fleet.report),
        "rates_url": fleet.rates_url,
    }


def _show(app: App, fleet: DemoFleet, job: Json, keep: bool) -> None:
    out = app.out
    if out.wants_json:
        return
    found: dict[str, Any] = (job.get("result") or {}).get("variables", {})
    review = found.get("to_review") or []
    out.line(f"total {found.get('total')} EUR; {len(review)} invoices for a person to look at")
    out.line(f"report: {fleet.report}")
    out.note("next:")
    for line in _kept(fleet, job) if keep else _next(fleet):
        out.note(f"  {line}")


def _next(fleet: DemoFleet) -> list[str]:
    folder, program = fleet.folder, _program()
    files = f"--var invoices_file={folder}/invoices.csv --var report_file={folder}/report-2.json"
    return [
        f"{program} run {folder}/invoices.json {files} --var review_above:=2000",
        f"{program} workflows validate {folder}/invoices.json",
        f"{program} demo --keep",
    ]


def _kept(fleet: DemoFleet, job: Json) -> list[str]:
    program = _program()
    return [
        f"export CASARE_ORCHESTRATOR_URL={fleet.url} CASARE_API_KEY_FILE={fleet.key_file}",
        f"{program} jobs logs {job['job_id']}",
        f"{program} robots list",
        f"{program} demo --stop{_folder_option(fleet.folder)}    # ends everything",
    ]


def _program() -> str:
    """How the reader's shell calls this program: `uv run` puts it on the PATH for itself alone."""
    return "uv run casare-rpa" if "UV_RUN_RECURSION_DEPTH" in os.environ else "casare-rpa"


def _folder_option(folder: Path) -> str:
    return "" if folder == _kept_folder() else f" --folder {folder}"


def _stop(app: App, folder: Path) -> int:
    from casare_cli.fleet.demo import stop_kept

    ended = stop_kept(folder)
    app.out.note(f"stopped {ended} processes" if ended else f"no demo is running in {folder}")
    return 0


@contextmanager
def _stopped_at_the_end(fleet: DemoFleet, keep: bool) -> Iterator[None]:
    """Stop the fleet however the block ends; with *keep* only when it failed."""

    def end(number: int, frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    done = False
    try:
        yield
        done = True
    finally:
        signal.signal(signal.SIGTERM, before)
        if not (done and keep):
            fleet.stop()
        if not done and not any(fleet.folder.glob("report.json")):
            shutil.rmtree(fleet.folder, ignore_errors=True)
