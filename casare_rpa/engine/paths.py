"""Where file parameters may point."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.reach import Reach, refused

_UNIX_NAME = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_WINDOWS_NAME = re.compile(r"%(\w+)%")
_SEPARATORS = re.compile(r"[/\\]")
_DEVICES = re.compile(r"(?i)^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?$")


class Paths:
    """Turns file parameters into absolute paths and refuses those out of reach."""

    def __init__(self, *, working_dir: Path, reach: Reach, environment: Mapping[str, str]) -> None:
        self._base = working_dir.absolute()
        self._environment = environment
        self._reach = reach

    def path(self, text: str, *, dangerous: bool = False) -> Path:
        """See `Context.path`."""
        if not isinstance(text, str) or not text.strip():
            raise NodeError("a path is missing", ErrorCode.MISSING_REQUIRED_FIELD)
        expanded = self._expanded(text.strip())
        if "\0" in expanded:
            raise refused(text, "it contains NUL")
        if not dangerous:
            _check_segments(expanded, text)
        found = self._base / expanded
        # Links are followed for the check alone: the node gets the path as it was written, and
        # what it opens is checked again while it is opened.
        self._reach.check(found, text)
        return found

    def _expanded(self, text: str) -> str:
        def known(match: re.Match[str]) -> str:
            name = next(group for group in match.groups() if group is not None)
            return self._environment.get(name, match[0])

        text = _UNIX_NAME.sub(known, text)
        if sys.platform == "win32":
            text = _WINDOWS_NAME.sub(known, text)
        return str(Path(text).expanduser()) if text.startswith("~") else text


def _check_segments(expanded: str, text: str) -> None:
    segments = _SEPARATORS.split(expanded)
    if ".." in segments:
        raise refused(text, "it contains '..'")
    if any(_DEVICES.match(segment) for segment in segments):
        raise refused(text, "it names a device")
