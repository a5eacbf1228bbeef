"""What a backup may be written to, and restored from. Nothing is touched here."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from casare_rpa.errors import Conflict, InvalidInput, NotFound
from casare_rpa.store.sqlite.files import BESIDE, mend_access
from casare_rpa.store.sqlite.lock import is_in_use


def check_target(target: Path, database: Path, *, force: bool) -> None:
    """Whether a backup of *database* may become *target*.

    Raises InvalidInput for what cannot be a backup, or is a part of the database itself; Conflict
    when *target* exists and not *force*, or when an orchestrator uses it.
    """
    _refuse_the_database(target, database)
    found = _look(target)
    if found is None:
        if not target.parent.is_dir():
            mend = "Make it, or mount what belongs there, then run the command again."
            raise InvalidInput(f"there is no folder {target.parent}", hint=mend)
        return
    if stat.S_ISDIR(found.st_mode):
        raise InvalidInput(f"{target} is a folder", hint=f"Name a file in it: {target}/casare.db")
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"{target} is no regular file", hint="Name another one.")
    if not force:
        raise Conflict(f"{target} exists", hint="Name another file, or add --force.")
    if is_in_use(_real(target)):
        raise Conflict(f"another orchestrator is using {target}", hint="Name another file.")


def check_source(source: Path, database: Path) -> None:
    """Whether *database* may be restored from *source*. Raises NotFound, InvalidInput."""
    _refuse_the_database(source, database)
    try:
        found = source.stat()
    except FileNotFoundError:
        raise NotFound(f"there is no backup {source}") from None
    except OSError as error:
        raise _unreadable(source, error.strerror) from error
    if not stat.S_ISREG(found.st_mode):
        raise InvalidInput(f"the backup {source} is no regular file")
    if not os.access(source, os.R_OK):
        raise _unreadable(source, "Permission denied")


def _unreadable(source: Path, why: str | None) -> InvalidInput:
    return InvalidInput(f"the backup {source} cannot be read: {why}", hint=mend_access(source))


def _refuse_the_database(file: Path, database: Path) -> None:
    for ending in BESIDE:
        part = Path(f"{database}{ending}")
        # By name, too: what is not there yet would be taken for the database's own later.
        if _real(file) == part or _is_same(file, part):
            what = "is the database itself" if part == database else f"belongs to {database}"
            raise InvalidInput(f"{file} {what}", hint="Name another file, in another folder.")


def _is_same(file: Path, part: Path) -> bool:
    try:
        return file.samefile(part)
    except OSError:  # one is not there, or closed to this user
        return False


def _look(target: Path) -> os.stat_result | None:
    try:
        # A link is not followed: whoever may write beside it decides where it leads.
        return target.lstat()
    except FileNotFoundError:
        return None
    except OSError as error:
        mend = mend_access(target) if isinstance(error, PermissionError) else None
        raise InvalidInput(f"{target} cannot be written: {error.strerror}", hint=mend) from error


def _real(file: Path) -> Path:
    """*file* in its real folder, by its own name."""
    return Path(os.path.realpath(file.parent)) / file.name
