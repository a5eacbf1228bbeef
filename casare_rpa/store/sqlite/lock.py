"""One orchestrator to a SQLite file (P20): a lock beside it, which only its owner can hold."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from casare_rpa.errors import Conflict, ServerFailed
from casare_rpa.store.sqlite.files import not_opened, owner_beside

#: Longer than a look whether the lock is held, which holds it for a moment.
_LOCK_SECONDS = 0.2


def lock(path: Path) -> FileLock:
    """The lock of the database *path*, taken. Raises ServerFailed when another has it."""
    file = _file_of(path)
    lock = FileLock(file, mode=0o600, timeout=_LOCK_SECONDS, thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(file, path)
        lock.acquire()
    except Timeout:
        raise ServerFailed(
            f"another orchestrator is using {path}",
            hint="Stop it, or start this one with another --database.",
        ) from None
    except OSError as error:
        raise not_opened(path, error) from error
    return lock


@contextmanager
def locked_file(path: Path) -> Iterator[None]:
    """No orchestrator uses the database *path* while the block runs. Raises Conflict."""
    try:
        held = lock(path)
    except ServerFailed as error:
        raise Conflict(error.message, hint="Stop it first, then run the command again.") from None
    try:
        yield
    finally:
        held.release()


def is_in_use(path: Path) -> bool:
    """Whether an orchestrator has the database *path*. Writes nothing."""
    file = _file_of(path)
    if not file.exists():
        return False
    try:
        return _is_held(file)
    except OSError as error:
        raise not_opened(path, error) from error


if sys.platform == "win32":

    def _is_held(file: Path) -> bool:
        try:
            with FileLock(file, timeout=0):
                return False
        except Timeout:
            return True

    def _hand_over(descriptor: int, database: Path) -> None:
        """The folder says who may open a file."""

else:
    import fcntl

    def _is_held(file: Path) -> bool:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def _hand_over(descriptor: int, database: Path) -> None:
        owner = owner_beside(database)
        os.fchmod(descriptor, 0o600)
        if os.geteuid() == 0:
            # Left to root, it would keep the service from its own database.
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _file_of(path: Path) -> Path:
    return Path(f"{path}.lock")


def _make(file: Path, path: Path) -> None:
    """For the owner of the database alone: whoever may open the file could hold the lock."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        # An older one may be another user's, and its rights are then not ours to mend.
        with suppress(OSError):
            _hand_over(descriptor, path)
    finally:
        os.close(descriptor)
