"""From the options of `agent install` to the service that they describe."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casare_cli.services import accounts, systemd
from casare_cli.services.files import Installed
from casare_cli.services.places import Places, native, places
from casare_cli.services.service import DEFAULT_NAME, Platform, Service
from casare_cli.services.texts import text_of
from casare_rpa.errors import Forbidden, InvalidInput

if TYPE_CHECKING:
    from casare_cli.context import App
    from casare_rpa.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
#: What a stop may take beyond the drain and the steps of ending jobs: delivery and good-bye.
_FAREWELL_SECONDS = 30.0
#: They have options of their own.
_ELSEWHERE = {"state_dir": "--state-dir", "orchestrator_url": "--url", "api_key": "--api-key"}
_ROBOT = "robot_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line of `agent install` asks for."""

    name: str
    user: bool
    system: bool
    key_file: str | None
    state_dir: str | None
    run_as: str | None
    settings: Sequence[str]
    program: str | None
    platform: Platform | None
    #: The file is only shown; it may be for another machine.
    show: bool
    #: All is looked at and nothing done.
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A service and its file, not yet written; `key` is empty when none was given."""

    service: Service
    platform: Platform
    path: Path
    text: str
    key: str = field(repr=False)


def plan(app: App, wanted: Wanted) -> Plan:
    """Raises InvalidInput, ConfigInvalid, Forbidden and Conflict for what cannot be done."""
    platform = wanted.platform or native()
    here = platform is native()
    if not (here or wanted.show):
        raise InvalidInput(f"--platform {platform} needs --print on this machine")
    system = chosen_scope(user=wanted.user, system=wanted.system)
    if not (wanted.show or wanted.dry_run):
        check_privilege(system=system)
    usual = places(platform, checked_name(wanted.name), system=system)
    key = _key_to_keep(app)
    if key and wanted.key_file:
        raise InvalidInput("--key-file and --api-key exclude each other")
    before = Installed.at(Path(usual.file)) if here and not wanted.show else None
    service = _service(app, wanted, platform, usual, system=system)
    # A key that an earlier installation put there stays ours.
    if key or (before is not None and before.mark.key_file == service.key_file):
        service = replace(service, owns_key=True)
    if not wanted.show:
        _check_program(service)
    version = systemd.version() if here and platform is Platform.SYSTEMD else None
    text = text_of(service, platform, systemd_version=version)
    return Plan(service=service, platform=platform, path=Path(usual.file), text=text, key=key)


def _service(
    app: App, wanted: Wanted, platform: Platform, usual: Places, *, system: bool
) -> Service:
    here = platform is native()
    given = _given_settings(wanted.settings) | _tls(app, here=here)
    _check_task(platform, given, system=system)
    settings = app.settings_with(**given)
    state_dir = _state_dir(app, wanted, usual, system=system, here=here)
    return Service(
        name=wanted.name,
        system=system,
        program=_program(wanted.program, platform, here=here),
        url=settings.orchestrator_url,
        key_file=_absolute(wanted.key_file, usual.key_file, here=here),
        owns_key=False,
        state_dir=state_dir,
        run_as=_account(app, wanted, platform, system=system),
        environment=_environment(settings, state_dir, given),
        stop_seconds=_stop_seconds(settings),
    )


def checked_name(name: str) -> str:
    """Raises InvalidInput for a name that not every system takes."""
    if not _NAME.fullmatch(name):
        raise InvalidInput(f"--name: {name!r} cannot be the name of a service")
    return name


def chosen_scope(*, user: bool, system: bool) -> bool:
    """Whether the service is the whole machine's, as asked; unasked, root's are.

    Raises InvalidInput.
    """
    if user and system:
        raise InvalidInput("--user and --system exclude each other")
    return system or (not user and _is_root())


def check_privilege(*, system: bool) -> None:
    """Raises Forbidden where this user cannot change the machine's services."""
    if system and sys.platform != "win32" and not _is_root():
        raise Forbidden(
            "a service of the whole machine is root's to change",
            hint="Put sudo before the command, or use --user for a service of your own.",
        )


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _program(given: str | None, platform: Platform, *, here: bool) -> tuple[str, ...]:
    """The words that start this program: *given*, or the one that runs now."""
    if given:
        return (given,)
    if not here:
        return ("casare-rpa.exe" if platform is Platform.WINDOWS else "/usr/local/bin/casare-rpa",)
    running = Path(sys.argv[0])
    found = str(running) if running.stem == "casare-rpa" else None
    found = found and shutil.which(found)
    return (str(Path(found).absolute()),) if found else (sys.executable, "-m", "casare_cli")


def _given_settings(words: Sequence[str]) -> dict[str, str]:
    """The settings in words like `max_concurrent_jobs=4`. Raises InvalidInput."""
    from casare_rpa.settings import Settings

    secret = {item.name: item.metadata["secret"] for item in fields(Settings)}
    found = {}
    for word in words:
        name, separator, value = word.partition("=")
        name = name.removeprefix("CASARE_").lower()
        if not separator or name not in secret:
            hint = "Write SETTING=VALUE; casare-rpa config list names the settings."
            raise InvalidInput(f"--set: {word.partition('=')[0]!r} is no setting", hint=hint)
        if name in _ELSEWHERE:
            raise InvalidInput(f"--set {name}: use {_ELSEWHERE[name]}")
        if secret[name]:
            raise InvalidInput(f"--set {name}: a secret cannot stand in a service's file")
        found[name] = value
    return found


def _tls(app: App, *, here: bool) -> dict[str, str]:
    """The files of --ca-file, --client-cert and --client-key, which the agent needs, too."""
    named = {name: getattr(app, name) for name in ("ca_file", "client_cert", "client_key")}
    return {name: _absolute(path, path, here=here) for name, path in named.items() if path}


def _environment(settings: Settings, state_dir: str, given: dict[str, str]) -> dict[str, str]:
    """The variables of the service."""
    own = {name.upper(): value for name, value in given.items()}
    url = {"ORCHESTRATOR_URL": settings.orchestrator_url, "STATE_DIR": state_dir}
    return {f"CASARE_{name}": value for name, value in {**url, **own}.items()}


def _stop_seconds(settings: Settings) -> int:
    """The longest that an agent with these settings takes to stop in good order."""
    steps = 3 * settings.cancel_grace_seconds
    return math.ceil(settings.drain_timeout_seconds + steps + _FAREWELL_SECONDS)


def _key_to_keep(app: App) -> str:
    """The robot's key that the service gets a file with; empty when none was given.

    Raises InvalidInput for a key of a person.
    """
    key = "" if app.api_key is None else app.key_of_option
    if key and not key.startswith(_ROBOT):
        raise InvalidInput(
            "--api-key: a service needs a robot's key (robot_...)",
            hint="An administrator makes one with: casare-rpa robots keys create ROBOT",
        )
    return key


def _state_dir(app: App, wanted: Wanted, usual: Places, *, system: bool, here: bool) -> str:
    """The option's folder, else for the usual service of a user the one that the user's own
    settings name, where `agent status` looks; a note where they name another than it has."""
    if wanted.state_dir is not None or not here:
        return _absolute(wanted.state_dir, usual.state_dir, here=here)
    given = app.given().get("state_dir")
    own = _absolute(str(given.value), "", here=True) if given and given.value else usual.state_dir
    if given is None or own == usual.state_dir or (not system and wanted.name == DEFAULT_NAME):
        return own
    app.out.aside(
        f"note: the service has a state folder of its own, {usual.state_dir}, whatever"
        f" {given.place} says; --state-dir names another"
    )
    return usual.state_dir


def _account(app: App, wanted: Wanted, platform: Platform, *, system: bool) -> str:
    """The account that jobs run as. Raises InvalidInput."""
    if not system and wanted.run_as:
        raise InvalidInput("--run-as is for --system; a user's own service runs as that user")
    if not system or platform is not Platform.SYSTEMD:
        return wanted.run_as or ""
    if wanted.show:
        return accounts.shown(app.out, wanted.run_as, here=platform is native())
    return accounts.existing(wanted.run_as)


def _check_program(service: Service) -> None:
    """Raises InvalidInput when the account of jobs cannot start the program, which root can."""
    if not service.run_as or not _is_root():
        return
    # A folder of root's own is what such a program usually lies in, or its Python.
    words = [*service.program, "--version"]
    try:
        done = subprocess.run(
            words,
            user=service.run_as,
            cwd="/",
            env={},
            capture_output=True,
            timeout=60,
            check=False,
        )
        failed = done.returncode != 0
    except OSError:
        failed = True
    if failed:
        raise InvalidInput(
            f"the account {service.run_as} cannot start {service.program[0]}",
            hint="Install the program where everybody may read it, and name it with --program.",
        )


def _check_task(platform: Platform, given: dict[str, Any], *, system: bool) -> None:
    """Raises InvalidInput for settings that Task Scheduler has no place for."""
    if platform is Platform.WINDOWS and not system and given:
        raise InvalidInput(
            "--set: Task Scheduler has no environment for a task",
            hint="Put these settings into config.toml of the user, or install it with --system.",
        )


def _absolute(path: str | None, usual: str, *, here: bool) -> str:
    """*path* as it is from every folder, or the *usual* one."""
    if path is None:
        return usual
    return str(Path(path).expanduser().absolute()) if here else path
