"""Where file parameters may point."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

_UNIX_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_WINDOWS_NAME = re.compile(r"%(\w+)%")
_SEPARATORS = re.compile(r"[/\\]")
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$")

#: Folders of keys and tokens below a user's home.
_PRIVATE = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"),
    *(".config/gcloud", ".config/gh", ".local/share/keyrings", "Library/Keychains"),
    *(".netrc", ".pgpass", ".pypirc", ".npmrc", ".git-credentials"),
)
_SYSTEM = ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d")
_WINDOWS_SYSTEM = ("System32", "SysWOW64")


class Paths:
    """Turns file parameters into absolute paths and refuses the forbidden ones."""

    def __init__(
        self, *, working_dir: Path, allowed: Sequence[str], environment: Mapping[str, str]
    ) -> None:
        self._base = working_dir.absolute()
        self._environment = environment
        self._allowed = tuple(_resolved(Path(folder).expanduser()) for folder in allowed)
        self._blocked = _blocked()

    def path(self, text: str, *, dangerous: bool = False) -> Path:
        """See `Context.path`."""
        if not isinstance(text, str) or not text.strip():
            raise NodeError("a path is missing", ErrorCode.MISSING_REQUIRED_FIELD)
        expanded = self._expanded(text.strip())
        if "\0" in expanded:
            raise _refused(text, "it contains NUL")
        if not dangerous:
            _check_segments(expanded, text)
        found = self._base / expanded
        self._check_place(found, text)
        return found

    def _expanded(self, text: str) -> str:
        def known(match: re.Match[str]) -> str:
            name = next(group for group in match.groups() if group is not None)
            return self._environment.get(name, match[0])

        text = _UNIX_NAME.sub(known, text)
        if os.name == "nt":
            text = _WINDOWS_NAME.sub(known, text)
        return str(Path(text).expanduser()) if text.startswith("~") else text

    def _check_place(self, path: Path, text: str) -> None:
        # Links are followed for the check alone: the node gets the path as it was written.
        real = _resolved(path)
        if self._allowed and not any(_is_below(real, folder) for folder in self._allowed):
            raise _refused(text, "it is outside the allowed folders")
        if any(_is_below(real, folder) for folder in self._blocked):
            raise _refused(text, "keys and system secrets are out of bounds")


def _check_segments(expanded: str, text: str) -> None:
    segments = _SEPARATORS.split(expanded)
    if ".." in segments:
        raise _refused(text, "it contains '..'")
    if any(_DEVICES.match(segment) for segment in segments):
        raise _refused(text, "it names a device")


def _refused(text: str, why: str) -> NodeError:
    return NodeError(f"the path {text!r} is refused: {why}", ErrorCode.PERMISSION_DENIED)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return path.absolute()


def _is_below(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents


@cache
def _blocked() -> tuple[Path, ...]:
    found = [Path(path) for path in _SYSTEM]
    with suppress(RuntimeError):  # a user without a home
        home = Path.home()
        found += [home / name for name in _PRIVATE]
    if windows := os.environ.get("SYSTEMROOT"):
        found += [Path(windows) / name for name in _WINDOWS_SYSTEM]
    return tuple(_resolved(path) for path in found)
