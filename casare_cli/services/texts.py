"""A service's file and the commands around it, for each system."""

from __future__ import annotations

from typing import assert_never

from casare_cli.services import launchd, systemd, windows
from casare_cli.services.service import Platform, Service


def text_of(service: Service, platform: Platform, *, systemd_version: int | None) -> str:
    """What the service's file holds."""
    match platform:
        case Platform.SYSTEMD:
            return systemd.unit(service, systemd_version)
        case Platform.LAUNCHD:
            return launchd.plist(service)
        case Platform.WINDOWS:
            return windows.service_xml(service) if service.system else windows.task_xml(service)
        case _:
            assert_never(platform)


def next_steps(service: Service, platform: Platform, path: str, *, started: bool) -> list[str]:
    """The commands to type after the installation."""
    match platform:
        case Platform.SYSTEMD:
            return systemd.next_steps(service, started=started)
        case Platform.LAUNCHD:
            return launchd.next_steps(service, path)
        case Platform.WINDOWS:
            return windows.next_steps(service, path)
        case _:
            assert_never(platform)


def last_steps(name: str, platform: Platform, path: str, *, system: bool) -> list[str]:
    """The commands that end the service where we do not end it ourselves."""
    match platform:
        case Platform.SYSTEMD:
            return []
        case Platform.LAUNCHD:
            return launchd.last_steps(name, system=system)
        case Platform.WINDOWS:
            return windows.last_steps(name, path, system=system)
        case _:
            assert_never(platform)
