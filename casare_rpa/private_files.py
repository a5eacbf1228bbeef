"""Small files for one user alone that another process may read at any moment."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

_TRIES = 20
_RETRY_SECONDS = 0.01


def write_whole(path: Path, content: bytes, *, sync: bool = False) -> None:
    """Put *content* at *path*, for this user alone: a reader sees all of it or what was before.

    Unless *sync* there may be nothing after a power cut.
    """
    # mkstemp makes files of mode 0600.
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as target:
            target.write(content)
            if sync:
                target.flush()
                os.fsync(target.fileno())
        _put_in_place(Path(name), path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _put_in_place(new: Path, path: Path) -> None:
    for _ in range(_TRIES - 1 if sys.platform == "win32" else 0):
        # Windows replaces no file that somebody has open, and readers have it open for a moment.
        with contextlib.suppress(PermissionError):
            new.replace(path)
            return
        time.sleep(_RETRY_SECONDS)
    new.replace(path)


def mend_writing(path: Path) -> str:
    """What to do where *path* cannot be written: the folder that refuses, and whose it is."""
    folder = path.parent
    with contextlib.suppress(OSError):
        folder = next((each for each in path.parents if each.exists()), folder)
    owner = owner_of(folder)
    whose = f", which belongs to {owner}" if owner else ""
    return f"Let this user write in {folder}{whose}, or make room there."


def owner_of(path: Path) -> str | None:
    """The name of the user whom *path* belongs to; None where nobody can tell."""
    if sys.platform == "win32":
        return None
    with contextlib.suppress(OSError, KeyError):
        return path.owner()
    return None
