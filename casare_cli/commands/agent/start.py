"""`casare-rpa agent` and `casare-rpa agent start`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.context import App
from casare_cli.terminal.values import duration_seconds
from casare_rpa.errors import ConfigInvalid, InvalidInput

if TYPE_CHECKING:
    from agent.uplink.keys import KeySource
    from casare_rpa.settings import Settings

Words = list[str] | None


class AgentMisconfigured(ConfigInvalid):
    """A wrong setting of an agent: a supervisor must not start it again."""

    exit_code = 78


def run(
    ctx: typer.Context,
    orchestrator: Annotated[
        str | None, typer.Option("--orchestrator", help="The same as --url.", hidden=True)
    ] = None,
    robot_id: Annotated[str | None, typer.Option(help="Identity; else the key's.")] = None,
    name: Annotated[str | None, typer.Option(help="Name; else the machine's.")] = None,
    tags: Annotated[
        Words, typer.Option("--tags", metavar="TAG[,TAG]", help="Labels of this robot.")
    ] = None,
    capabilities: Annotated[
        Words,
        typer.Option(
            "--capabilities", metavar="NAME[,NAME]", help="What it can do beyond the detected."
        ),
    ] = None,
    environment: Annotated[str | None, typer.Option(help="The pool it belongs to.")] = None,
    max_concurrent_jobs: Annotated[
        int | None, typer.Option(min=1, max=100, help="Jobs run at the same time.")
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Run one job and exit with its outcome.")
    ] = False,
    idle_timeout: Annotated[
        str | None, typer.Option(metavar="DURATION", help="End after this time without a job.")
    ] = None,
    max_uptime: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Drain and end after this time.")
    ] = None,
    max_jobs: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="End when it has run so many jobs.")
    ] = None,
    drain_timeout: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Time that running jobs get after a stop signal."),
    ] = None,
    state_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for everything it writes.")
    ] = None,
    health_address: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Answer probes there: GET /live and /ready."),
    ] = None,
) -> int:
    """Start the robot: claim jobs, run them, report, until it is stopped.

    It needs a robot's key (robot_...). The first SIGTERM or Ctrl-C lets running jobs finish, the
    second cancels them. Exits 77 when the key is refused and 78 when a setting is wrong: starting
    it again would not help.

    With --once the exit code is the job's outcome: 0 completed, 1 failed, 10 cancelled, 11 lost or
    timed out; 75 when --idle-timeout or --max-uptime ended it before it had a job. At the end of
    --max-uptime it drains: running jobs get --drain-timeout.

    Examples:
        casare-rpa agent --url http://orchestrator:8000 --api-key file:robot.key
        CASARE_API_KEY_FILE=robot.key casare-rpa agent --name invoices-1 --max-concurrent-jobs 4
        casare-rpa agent --once --idle-timeout 10m
        casare-rpa agent --max-jobs 100 --max-uptime 12h --health-address 8080
    """
    app: App = ctx.obj
    if once and max_jobs is not None:
        raise InvalidInput("--once is one job: leave --max-jobs out")
    app.url = orchestrator or app.url
    settings = _settings(
        app,
        robot_id=robot_id,
        robot_name=name,
        tags=_joined(tags),
        capabilities=_joined(capabilities),
        environment=environment,
        max_concurrent_jobs=max_concurrent_jobs,
        drain_timeout_seconds=duration_seconds(drain_timeout, "--drain-timeout"),
        state_dir=state_dir,
        health_address=health_address,
    )
    idle_seconds = duration_seconds(idle_timeout, "--idle-timeout")
    uptime_seconds = duration_seconds(max_uptime, "--max-uptime")
    from agent.app import run as run_agent
    from agent.options import AgentOptions
    from casare_rpa import logs

    logs.set_up(settings, debug=app.debug)
    options = AgentOptions(
        once=once,
        idle_timeout_seconds=idle_seconds,
        max_uptime_seconds=uptime_seconds,
        max_jobs=max_jobs,
    )
    return run_agent(settings, options, _key_source(app, settings))


def _key_source(app: App, settings: Settings) -> KeySource:
    """Where the key can be read again once it is rotated."""
    from dataclasses import replace

    from agent.uplink.keys import KeySource

    given = app.given().get("api_key")
    if app.api_key is None and given is not None:
        return KeySource.of_setting(given)
    found = app.find_key(replace(settings, api_key=""))
    place = app.api_key if app.api_key is not None and found.again else found.place
    return KeySource(place=place, read=found.again)


def _settings(app: App, **options: Any) -> Settings:
    try:
        return app.settings_with_key(**options)
    except ConfigInvalid as error:
        raise AgentMisconfigured(error.message, hint=error.hint) from error


def _joined(words: Words) -> str | None:
    return ",".join(words) if words else None
