"""The property list of the agent for macOS: a daemon of the machine or an agent of one user."""

from __future__ import annotations

import plistlib
import posixpath
import shlex
from typing import Any

from casare_cli.services.service import Service

#: launchd knows no exit code that forbids a restart: a refused key is tried again this often.
_THROTTLE_SECONDS = 60


def plist(service: Service) -> str:
    """The text of the service's property list."""
    log = posixpath.join(service.state_dir, "agent.log")
    content: dict[str, Any] = {
        "Label": service.name,
        "ProgramArguments": [*service.program, "agent"],
        "EnvironmentVariables": {**service.environment, "CASARE_API_KEY_FILE": service.key_file},
        "RunAtLoad": True,
        # Not after an end in good order, as `casare-rpa agent stop` brings it about.
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": _THROTTLE_SECONDS,
        "ExitTimeOut": service.stop_seconds,
        "StandardOutPath": log,
        "StandardErrorPath": log,
    }
    if service.system and service.run_as:
        content["UserName"] = service.run_as
    head, _, rest = plistlib.dumps(content).decode().partition("\n")
    return f"{head}\n<!-- {service.mark} -->\n{rest}"


def next_steps(service: Service, path: str) -> list[str]:
    """The commands to type after the installation."""
    domain = "system" if service.system else "gui/$(id -u)"
    sudo = "sudo " if service.system else ""
    folder = shlex.quote(service.state_dir)
    return [
        f"{sudo}mkdir -p -m 700 {folder}",
        f"{sudo}launchctl bootstrap {domain} {shlex.quote(path)}",
        f"{sudo}launchctl print {domain}/{service.name}",
    ]


def last_steps(name: str, *, system: bool) -> list[str]:
    """The commands that take it out of launchd."""
    return [
        f"sudo launchctl bootout system/{name}"
        if system
        else f"launchctl bootout gui/$(id -u)/{name}"
    ]
