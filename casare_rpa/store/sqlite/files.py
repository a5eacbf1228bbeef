"""Which file a SQLite address means, and what stands in the way of using it."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote, unquote

from casare_rpa.errors import CasareError, ConfigInvalid, Unavailable
from casare_rpa.private_files import owner_of

#: What SQLite and the orchestrator keep beside a database; the first is itself.
BESIDE = ("", "-wal", "-shm", "-journal", ".lock")
_WRONG_FILE = "Name another file with --database."
_REFUSED = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY}
)


def path_of(url: str) -> Path:
    """The file of the address *url* by its one real name, whether or not it is there.

    Raises ConfigInvalid for an address without a file, and when what is there cannot be a
    database of one orchestrator.
    """
    _, _, rest = url.partition(":///")
    name = unquote(rest.partition("?")[0])
    if not name or name == ":memory:" or "\0" in name:
        raise ConfigInvalid("a SQLite store needs a file", hint="Write sqlite:///PATH.")
    # By the name of a link there would be another lock, and another log.
    path = Path(os.path.realpath(Path(name).expanduser()))
    _refuse_other_things(path)
    return path


def _refuse_other_things(path: Path) -> None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise not_opened(path, error) from error
    if stat.S_ISDIR(found.st_mode):
        mend = f"Name a file in it: sqlite:///{path / 'orchestrator.db'}"
        raise ConfigInvalid(f"the database {path} is a folder", hint=mend)
    if not stat.S_ISREG(found.st_mode):
        raise ConfigInvalid(f"the database {path} is no regular file", hint=_WRONG_FILE)
    if found.st_nlink > 1:
        # SQLite's log stands beside one of the names: whoever opens another misses what is in it.
        raise ConfigInvalid(
            f"the database {path} has {found.st_nlink} names (hard links), and its log only one",
            hint=f"Remove the others: find FOLDER -samefile {path}",
        )


def look_into(path: Path, mode: str) -> sqlite3.Connection:
    """Open the database *path* for looking, with the parameters *mode* (`mode=ro`).

    Raises sqlite3.Error, and ConfigInvalid for the database of another program.
    """
    connection = sqlite3.connect(f"file:{quote(str(path))}?{mode}", uri=True)
    try:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        tables = sorted(name for (name,) in found)
        if tables and "alembic_version" not in tables:
            text = f"{path} is another program's database: it has the table {tables[0]}"
            raise ConfigInvalid(text, hint=_WRONG_FILE)
    except BaseException:
        connection.close()
        raise
    return connection


def not_opened(path: Path, error: OSError) -> ConfigInvalid:
    """Why the database *path* cannot be used; whom it belongs to, when that is the reason."""
    mend = mend_access(path) if isinstance(error, PermissionError) else _WRONG_FILE
    return ConfigInvalid(
        f"the database {path} cannot be opened: {error.strerror or error}", hint=mend
    )


def refusal(error: sqlite3.Error, path: Path) -> CasareError:
    """What SQLite's *error* says about the database *path*: mend it, or try again."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_NOTADB:
        return ConfigInvalid(f"{path} is no SQLite database", hint=_WRONG_FILE)
    if code == sqlite3.SQLITE_CORRUPT:
        return ConfigInvalid(
            f"the database {path} is damaged: {error}",
            hint="Put a backup back: casare-rpa orchestrator restore --force FILE",
        )
    if code in _REFUSED and not os.access(_in_the_way(path), os.R_OK | os.W_OK | os.X_OK):
        return ConfigInvalid(
            f"the database {path} cannot be opened: {error}", hint=mend_access(path)
        )
    return Unavailable(f"the database {path} cannot be used: {error}")


def mend_access(path: Path) -> str:
    """What to do about a database that is closed to this user."""
    return run_as_owner(_in_the_way(path))


def run_as_owner(file: Path) -> str:
    """What to do about a file that belongs to another user."""
    owner = owner_of(file) or "USER"
    return f"{file} belongs to {owner}: run it as that user (sudo -u {owner}), or chown it."


def _in_the_way(path: Path) -> Path:
    """The first folder on the way to *path*, or one of its files, that is closed to this user."""
    for folder in reversed(path.parents):
        if folder.exists() and not os.access(folder, os.X_OK):
            return folder
    files = (Path(f"{path}{ending}") for ending in BESIDE)
    closed = [file for file in files if file.exists() and not os.access(file, os.R_OK | os.W_OK)]
    return closed[0] if closed else path.parent


def owner_beside(path: Path) -> os.stat_result:
    """Whose the files of the database *path* ought to be: its own owner's, or its folder's."""
    return (path if path.exists() else path.parent).stat()
