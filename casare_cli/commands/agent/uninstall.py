"""`casare-rpa agent uninstall`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.services.service import DEFAULT_NAME, Platform
from casare_cli.terminal.prompts import confirm

if TYPE_CHECKING:
    from casare_cli.services.files import Installed


def run(
    ctx: typer.Context,
    user: Annotated[bool, typer.Option("--user", help="A service of this user alone.")] = False,
    system: Annotated[
        bool, typer.Option("--system", help="A service of the whole machine.")
    ] = False,
    name: Annotated[str, typer.Option("--name", help="The service's name.")] = DEFAULT_NAME,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove its state folder, too: journals and all.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done.")
    ] = False,
) -> None:
    """Stop the service that `agent install` made, and remove what that wrote.

    That is its file, and the key's file if that came with it. The state folder stays, with what is
    not delivered yet, unless --purge is given. A running job gets the service's time to end.
    Exits 4 when there is no such service, 9 when `agent install` did not write its file.

    Examples:
        sudo casare-rpa agent uninstall
        casare-rpa agent uninstall --name second --purge --yes
    """
    from casare_cli.services import places, planning, texts
    from casare_cli.services.files import Installed, check_purge

    app: App = ctx.obj
    is_system = planning.chosen_scope(user=user, system=system)
    platform = places.native()
    usual = places.places(platform, planning.checked_name(name), system=is_system)
    found = Installed.found_at(Path(usual.file))
    if purge:
        check_purge(Path(found.mark.state_dir))
    removed = _removed(found, purge=purge)
    if not dry_run:
        planning.check_privilege(system=is_system)
        if purge and not yes:
            confirm(
                f"Remove {found.mark.state_dir} with all its journals?",
                f"casare-rpa agent uninstall --name {name} --purge --yes",
            )
        if platform is Platform.SYSTEMD:
            _stop(app, name, system=is_system)
        _remove(app, found, platform, purge=purge, system=is_system)
    steps = texts.last_steps(name, platform, usual.file, system=is_system)
    _report(app, found, removed, name=name, purge=purge, dry_run=dry_run, steps=steps)


def _stop(app: App, name: str, *, system: bool) -> None:
    from casare_cli.services import systemd

    if systemd.is_running(system=system):
        systemd.control(["disable", "--now", name], system=system)
    else:
        app.out.note("there is no systemd here that could run it: nothing was stopped")


def _remove(app: App, found: Installed, platform: Platform, *, purge: bool, system: bool) -> None:
    from casare_cli.services import systemd
    from casare_cli.services.files import check_purge, remove_state_folder

    if purge:
        # Again: only now it has stopped.
        check_purge(Path(found.mark.state_dir), stopped=True)
    found.path.unlink()
    if found.mark.key_file:
        Path(found.mark.key_file).unlink(missing_ok=True)
    if platform is Platform.SYSTEMD and systemd.is_running(system=system):
        systemd.control(["daemon-reload"], system=system)
    if purge:
        remove_state_folder(Path(found.mark.state_dir))


def _removed(found: Installed, *, purge: bool) -> list[str]:
    """What is there to be removed."""
    mark = found.mark
    paths = [str(found.path), mark.key_file, mark.state_dir if purge else ""]
    return [path for path in paths if path and Path(path).exists()]


def _report(
    app: App,
    found: Installed,
    removed: list[str],
    *,
    name: str,
    purge: bool,
    dry_run: bool,
    steps: list[str],
) -> None:
    mark = found.mark
    verb = "would remove" if dry_run else "removed"
    lines = [f"{verb} {path}" for path in removed]
    if purge and mark.state_dir not in removed:
        lines.append(f"there was no state folder {mark.state_dir}")
    if not purge:
        lines.append(f"the state folder {mark.state_dir} stays; --purge removes it")
    lines += [f"next: {step}" for step in steps]
    result = {
        "name": name,
        "removed": removed,
        "state_dir": mark.state_dir,
        "purged": purge,
        "dry_run": dry_run,
        "next": steps,
    }
    app.out.done(result, name="name", text="\n".join(lines))
