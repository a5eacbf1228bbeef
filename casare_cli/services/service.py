"""One service, whatever system it is for, and the mark that its file carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote

DEFAULT_NAME = "casare-rpa-agent"
_MARK = re.compile(r"casare-rpa agent install: key=(\S*) state=(\S+)")


class Platform(StrEnum):
    """Who starts the service."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is to be started, for whom, and with what.

    `environment` holds the agent's settings as CASARE_* variables and never a key; that lies in
    `key_file`. `stop_seconds` is the longest that a stop in good order takes.
    """

    name: str
    system: bool
    #: The command line up to "agent".
    program: tuple[str, ...]
    url: str
    key_file: str
    #: Whether the key file comes with the service and goes with it.
    owns_key: bool
    state_dir: str
    #: The account that jobs run as; empty: whoever installs it.
    run_as: str
    environment: Mapping[str, str]
    stop_seconds: int

    @property
    def mark(self) -> Mark:
        return Mark(key_file=self.key_file if self.owns_key else "", state_dir=self.state_dir)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What an uninstallation has to know; `key_file` is empty when it is not ours to remove."""

    key_file: str
    state_dir: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The mark in the text of a service's file; None in a file of somebody else."""
        found = _MARK.search(text)
        return cls(key_file=unquote(found[1]), state_dir=unquote(found[2])) if found else None

    def __str__(self) -> str:
        return f"casare-rpa agent install: key={_word(self.key_file)} state={_word(self.state_dir)}"


def _word(path: str) -> str:
    # A comment in XML must not contain two hyphens.
    return quote(path, safe="/:").replace("-", "%2D")
