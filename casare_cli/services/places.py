"""Where the parts of a service belong on each system."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from casare_cli.services.service import DEFAULT_NAME, Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Paths as texts: they may be those of another system than this one."""

    file: str
    key_file: str
    state_dir: str


def native() -> Platform:
    """The way in which this machine starts services."""
    if sys.platform == "darwin":
        return Platform.LAUNCHD
    return Platform.WINDOWS if sys.platform == "win32" else Platform.SYSTEMD


def places(platform: Platform, name: str, *, system: bool) -> Places:
    """The usual places of the service *name*, for the whole machine or for one user."""
    match platform:
        case Platform.SYSTEMD:
            return _of_systemd(name, system=system)
        case Platform.LAUNCHD:
            return _of_launchd(name, system=system)
        case Platform.WINDOWS:
            return _of_windows(name, system=system)


def _of_systemd(name: str, *, system: bool) -> Places:
    if system:
        return Places(
            file=f"/etc/systemd/system/{name}.service",
            key_file=f"/etc/casare-rpa/{name}.key",
            state_dir=f"/var/lib/{name}",
        )
    config = _of_user("XDG_CONFIG_HOME", ".config")
    state = _of_user("XDG_STATE_HOME", ".local/state")
    return Places(
        file=f"{config}/systemd/user/{name}.service",
        key_file=f"{config}/casare-rpa/{name}.key",
        state_dir=f"{state}/{_folder(name)}",
    )


def _of_launchd(name: str, *, system: bool) -> Places:
    home = str(Path.home()) if native() is Platform.LAUNCHD else f"/Users/{getuser()}"
    library = "/Library" if system else f"{home}/Library"
    support = f"{library}/Application Support"
    return Places(
        file=f"{library}/{'LaunchDaemons' if system else 'LaunchAgents'}/{name}.plist",
        key_file=f"{support}/casare-rpa/{name}.key",
        state_dir=f"{support}/{name if system else _folder(name)}",
    )


def _of_windows(name: str, *, system: bool) -> Places:
    here = native() is Platform.WINDOWS
    if system:
        folder = (os.environ.get("PROGRAMDATA") if here else None) or "C:\\ProgramData"
    else:
        local = os.environ.get("LOCALAPPDATA") if here else None
        folder = local or f"C:\\Users\\{getuser()}\\AppData\\Local"
    own = f"{folder}\\casare-rpa"
    return Places(
        file=f"{own}\\{name}.xml",
        key_file=f"{own}\\{name}.key",
        state_dir=f"{own}\\{name if system else _folder(name)}",
    )


def _of_user(variable: str, usual: str) -> str:
    return os.environ.get(variable) or str(Path.home() / usual)


def _folder(name: str) -> str:
    """The usual service shares the state folder of `casare-rpa agent` without a name."""
    return "casare-rpa" if name == DEFAULT_NAME else name
