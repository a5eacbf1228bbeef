"""Which places of the disk a run may reach, enforced where files are opened.

A check of a path before it is opened leaves a moment in which a folder on the way can become a
link to somewhere else. So, within the allowed folders, a file is opened from the allowed folder
down, and no link is followed on the way: by `openat2` where the kernel has it (Linux 5.6), else
folder by folder. Where the system opens nothing relative to a folder (Windows) the check is all.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import IO

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.file import _beneath

#: Folders and files of keys and tokens below a user's home.
_PRIVATE = (
    *(".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"),
    *(".config/gcloud", ".config/gh", ".local/share/keyrings", "Library/Keychains"),
    *(".netrc", ".pgpass", ".pypirc", ".npmrc", ".git-credentials"),
)
_SYSTEM = ("/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d")
_WINDOWS_SYSTEM = ("System32", "SysWOW64")
_MODE = 0o666


class Reach:
    """The folders of one run: all but those of keys, or only those below *allowed*."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = tuple(_resolved(Path(folder).expanduser()) for folder in allowed)
        self._blocked = _blocked()

    @property
    def limited(self) -> bool:
        """Whether only some folders are allowed, and the system can hold a run to them."""
        return bool(self._allowed) and _beneath.AVAILABLE

    def check(self, path: Path, shown: str = "") -> None:
        """Raise NodeError if *path*, all links followed, is out of reach."""
        self._place(_resolved(path), shown or str(path))

    def holds(self, path: Path) -> bool:
        """Whether *path* is within reach."""
        try:
            self.check(path)
        except NodeError:
            return False
        return True

    def opener(self, path: str, flags: int) -> int:
        """For `open(..., opener=)`: a descriptor of *path*, which is within reach."""
        if not self.limited:
            return os.open(path, flags, _MODE)
        real = _resolved(Path(path))
        root = self._place(real, path)
        with _changed_links(path):
            return _beneath.open_file(root, real.relative_to(root), flags, _MODE)

    @contextmanager
    def parent(self, path: Path) -> Iterator[tuple[str, int | None]]:
        """How to name *path* itself to the functions of `os`: a name and its `dir_fd`.

        The last part is not followed if it is a link. Without limits the name is the path.
        """
        if not self.limited or path in self._allowed:
            yield str(path), None
            return
        folder = _resolved(path.parent)
        root = self._place(folder, str(path))
        with _changed_links(str(path)):
            descriptor = _beneath.open_folder(root, folder.relative_to(root))
        try:
            yield path.name, descriptor
        finally:
            os.close(descriptor)

    def _place(self, real: Path, shown: str) -> Path:
        """The allowed folder that *real* is in."""
        if any(_is_below(real, folder) for folder in self._blocked):
            raise refused(shown, "keys and system secrets are out of bounds")
        if not self._allowed:
            return real
        for folder in self._allowed:
            if _is_below(real, folder):
                return folder
        raise refused(shown, "it is outside the allowed folders")


#: The reach of the run that this code runs for. The engine sets it; functions that open files are
#: called from everywhere, and none of them may forget to ask. Tasks carry it along, and so does
#: `asyncio.to_thread`.
CURRENT: ContextVar[Reach] = ContextVar("reach")


def reach() -> Reach:
    """The reach of the current run; outside a run it has no limits."""
    return CURRENT.get(None) or _without_limits()


def opened(path: Path, mode: str = "rb") -> IO[bytes]:
    """Like `path.open` for bytes, within the reach of the run: so every node opens its files."""
    return open(path, mode, opener=reach().opener)


def make_folder(path: Path, *, parents: bool = True, exist_ok: bool = True) -> None:
    """Like `path.mkdir`, within the reach of the current run."""
    try:
        with reach().parent(path) as (name, folder):
            os.mkdir(name, dir_fd=folder)
    except FileNotFoundError:
        if not parents or path.parent == path:
            raise
        make_folder(path.parent)
        make_folder(path, parents=False, exist_ok=exist_ok)
    except FileExistsError:
        if not exist_ok or not path.is_dir():
            raise


def remove(path: Path) -> None:
    """Like `path.unlink`, within the reach of the current run."""
    with reach().parent(path) as (name, folder):
        os.unlink(name, dir_fd=folder)


def refused(shown: str, why: str) -> NodeError:
    return NodeError(f"the path {shown!r} is refused: {why}", ErrorCode.PERMISSION_DENIED)


@contextmanager
def _changed_links(shown: str) -> Iterator[None]:
    """Say what it means that a path without links has one now, or leads out."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EXDEV):
            raise refused(shown, "a part of it has just become a link") from None
        raise type(error)(error.errno, error.strerror, shown) from None


@cache
def _without_limits() -> Reach:
    return Reach()


def _blocked() -> tuple[Path, ...]:
    return _blocked_at(os.environ.get("HOME"), os.environ.get("SYSTEMROOT"))


@cache
def _blocked_at(_home: str | None, windows: str | None) -> tuple[Path, ...]:
    """What is out of bounds with these variables of the environment."""
    found = [Path(path) for path in _SYSTEM]
    with suppress(RuntimeError):  # a user without a home
        home = Path.home()
        found += [home / name for name in _PRIVATE]
    if windows:
        found += [Path(windows) / name for name in _WINDOWS_SYSTEM]
    return tuple(_resolved(path) for path in found)


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):  # a link that leads to itself
        return path.absolute()


def _is_below(path: Path, folder: Path) -> bool:
    return path == folder or folder in path.parents
