"""`casare-rpa agent install`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.services.service import DEFAULT_NAME, Platform
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_cli.services.planning import Plan

User = Annotated[bool, typer.Option("--user", help="A service of this user alone.")]
System = Annotated[bool, typer.Option("--system", help="A service of the whole machine.")]
Name = Annotated[str, typer.Option("--name", help="The service's name.")]
ForPlatform = Annotated[
    Platform | None,
    typer.Option("--platform", help="For another system than this one, with --print."),
]


def run(
    ctx: typer.Context,
    user: User = False,
    system: System = False,
    name: Name = DEFAULT_NAME,
    now: Annotated[bool, typer.Option("--now", help="Start it, and at every boot.")] = False,
    key_file: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="File with the robot's key; else NAME.key among the settings."
        ),
    ] = None,
    state_dir: Annotated[
        str | None, typer.Option(metavar="DIR", help="Folder for everything it writes.")
    ] = None,
    run_as: Annotated[
        str | None, typer.Option(metavar="USER", help="The account that jobs run as (--system).")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SETTING=VALUE", help="A setting of the agent; repeatable."),
    ] = None,
    program: Annotated[
        str | None, typer.Option(metavar="PATH", help="The program; else the one that runs now.")
    ] = None,
    platform: ForPlatform = None,
    show: Annotated[
        bool, typer.Option("--print", help="Print the file instead of installing it.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check everything and say what would be done.")
    ] = False,
) -> None:
    """Make the agent a service that this machine starts: a systemd unit, or what takes its place.

    Root installs for the whole machine (--system), everybody else for themselves (--user). A key
    that is given with --api-key is put into a file of its own; neither the service's file nor its
    command line holds it. The unit is checked with `systemd-analyze verify` before it is written.
    With --print no account has to be named. A user's usual service keeps its state where the user's
    settings say (CASARE_STATE_DIR), every other in a folder of its own.
    Exits 9 when there is a file of that name which this command did not write. Installing again
    replaces what it wrote.

    Examples:
        sudo casare-rpa agent install --run-as robot --url https://rpa.example --api-key file:key
        casare-rpa agent install --now --set max_concurrent_jobs=4 --set drain_timeout_seconds=300
        casare-rpa agent install --print --platform launchd
    """
    from casare_cli.services import systemd
    from casare_cli.services.planning import Wanted, plan

    app: App = ctx.obj
    planned = plan(
        app,
        Wanted(
            name=name,
            user=user,
            system=system,
            key_file=key_file,
            state_dir=state_dir,
            run_as=run_as,
            settings=set_ or (),
            program=program,
            platform=platform,
            show=show,
            dry_run=dry_run,
        ),
    )
    if show and not app.out.wants_json:
        app.out.line(planned.text.rstrip("\n"))
        return
    if show:
        _report(app, planned, verified=None, changed=False, now=False, dry_run=True)
        return
    verified = _check(planned, now=now)
    changed = False if dry_run else _write(planned)
    if now and not dry_run:
        systemd.start(planned.service)
    _report(app, planned, verified=verified, changed=changed, now=now, dry_run=dry_run)


def _check(planned: Plan, *, now: bool) -> bool | None:
    """Whether systemd finds the unit right; None when nobody here can say.

    Raises InvalidInput for what cannot work.
    """
    from casare_cli.services import systemd

    service = planned.service
    if now:
        _check_start(planned)
    if planned.platform is not Platform.SYSTEMD:
        return None
    found = systemd.problems(planned.text, service.name, system=service.system)
    if found:
        raise InvalidInput(f"systemd finds fault with the unit: {'; '.join(found)}")
    return None if found is None else True


def _check_start(planned: Plan) -> None:
    from casare_cli.services import systemd

    if planned.platform is not Platform.SYSTEMD or not systemd.is_running(
        system=planned.service.system
    ):
        raise InvalidInput(
            "--now: there is no systemd here that could start it",
            hint="Leave --now out; the commands to start it are printed.",
        )
    if not planned.key and not Path(planned.service.key_file).exists():
        raise InvalidInput(
            f"--now: there is no key in {planned.service.key_file}",
            hint="Give the robot's key with --api-key file:PATH, or its file with --key-file.",
        )


def _write(planned: Plan) -> bool:
    """Put the key and the service's file in their places; whether the latter is new or other."""
    from casare_cli.services.files import write_key, write_public

    if planned.key:
        write_key(Path(planned.service.key_file), planned.key)
    return write_public(planned.path, planned.text)


def _report(
    app: App, planned: Plan, *, verified: bool | None, changed: bool, now: bool, dry_run: bool
) -> None:
    from casare_cli.services.texts import next_steps

    service, path = planned.service, str(planned.path)
    has_key = bool(planned.key) or Path(service.key_file).exists()
    started = now and not dry_run
    steps = next_steps(service, planned.platform, path, started=started)
    result: Json = {
        "name": service.name,
        "platform": str(planned.platform),
        "scope": "system" if service.system else "user",
        "file": path,
        "text": planned.text,
        "changed": changed,
        "verified": verified,
        "started": started,
        "state_dir": service.state_dir,
        "key_file": service.key_file,
        "has_key": has_key,
        "dry_run": dry_run,
        "next": steps,
    }
    app.out.done(result, name="file", text="\n".join(_lines(planned, result)))


def _lines(planned: Plan, result: Json) -> list[str]:
    service = planned.service
    done = "would write" if result["dry_run"] else "wrote" if result["changed"] else "unchanged:"
    checks = {True: ", checked with systemd-analyze verify", None: ", not checked"}
    lines = [
        f"{done} {planned.path}{checks[result['verified']]}",
        f"orchestrator: {service.url}",
        f"state folder: {service.state_dir}",
        f"key: {service.key_file}{'' if result['has_key'] else ' (missing)'}",
    ]
    if result["started"]:
        lines.append(f"started {service.name}, now and at every boot")
    lines.append("next:")
    if not result["has_key"]:
        lines.append(f"  put the robot's key into {service.key_file}, readable by its owner alone")
    return [*lines, *(f"  {step}" for step in result["next"])]
