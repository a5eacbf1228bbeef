"""Finding files by patterns, and telling where they lie."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path, PurePath

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file.reach import reach


def matching(folder: Path, pattern: str, *, recursive: bool = False) -> Iterator[Path]:
    """The paths below *folder* that match the glob *pattern*, unordered."""
    pattern = pattern or "*"
    parts = PurePath(pattern)
    if parts.is_absolute() or parts.drive or ".." in parts.parts:
        raise NodeError(
            f"the pattern {pattern!r} must stay below the folder", ErrorCode.INVALID_INPUT
        )
    try:
        found = folder.rglob(pattern) if recursive else folder.glob(pattern)
        return filter(_within_reach(), found)
    except (ValueError, NotImplementedError) as error:
        raise NodeError(f"bad pattern {pattern!r}: {error}", ErrorCode.INVALID_INPUT) from error


def _within_reach() -> Callable[[Path], bool]:
    """Whether a path that was found is in a folder within reach: links may lead out."""
    allowed = reach()
    if not allowed.limited:
        return lambda path: True
    holds = cache(allowed.holds)
    return lambda path: holds(path.parent)


def is_below(path: Path, folder: Path) -> bool:
    """Whether *path* lies in *folder*, all links followed."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
