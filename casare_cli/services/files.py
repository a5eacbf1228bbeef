"""Puts the parts of a service where they belong, and takes away what was put there."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from casare_cli.services.service import Mark
from casare_rpa.errors import Conflict, InvalidInput, NotFound
from casare_rpa.private_files import write_whole

#: An agent's state folder has these, whatever else it has.
_OF_AGENT = ("journal", "work")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A service's file that carries our mark."""

    path: Path
    text: str
    mark: Mark

    @classmethod
    def at(cls, path: Path) -> Self | None:
        """None where there is no file. Raises Conflict when it is somebody else's, and OSError."""
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        mark = Mark.read(text)
        if mark is None:
            raise Conflict(
                f"{path} was not written by casare-rpa agent install",
                hint="Move it away, or give the service another name with --name.",
            )
        return cls(path=path, text=text, mark=mark)

    @classmethod
    def found_at(cls, path: Path) -> Self:
        """As `at`, and raises NotFound where there is no file."""
        found = cls.at(path)
        if found is None:
            raise NotFound(
                f"no service is installed at {path}",
                hint="Name it with --name, and say --user or --system.",
            )
        return found


def write_public(path: Path, text: str) -> bool:
    """Put *text* at *path*, readable by all; False when it is there already. Raises OSError."""
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode(), sync=True)
    path.chmod(0o644)
    return True


def write_key(path: Path, key: str) -> None:
    """Put *key* at *path*, for its owner alone. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f"{key}\n".encode(), sync=True)


def check_purge(path: Path, *, stopped: bool = False) -> None:
    """Raises InvalidInput for a folder that no agent made.

    And, once the service has *stopped*, Conflict when an agent uses the folder all the same.
    """
    from agent.machine.lock import holder_of

    if path.exists() and not all((path / name).is_dir() for name in _OF_AGENT):
        raise InvalidInput(
            f"{path} does not look like an agent's state folder and is not removed",
            hint="Remove it yourself, if that is what you want.",
        )
    if stopped and (pid := holder_of(path)) is not None:
        raise Conflict(
            f"an agent (process {pid}) is using the state folder {path}",
            hint=f"casare-rpa agent stop --state-dir {path}",
        )


def remove_state_folder(path: Path) -> None:
    """Raises OSError."""
    if path.exists():
        shutil.rmtree(path)
