"""A SQLite database as one file: saved while the server runs, put back while none does."""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from casare_rpa import faults
from casare_rpa.errors import ConfigInvalid, Conflict, InvalidInput, NotFound, Unavailable
from casare_rpa.store.migrate import INSTALL_IT, other_program
from casare_rpa.store.sqlite.files import BESIDE, mend_access, owner_beside, refusal, run_as_owner
from casare_rpa.store.sqlite.lock import locked_file
from casare_rpa.store.sqlite.targets import check_source, check_target
from casare_rpa.store.tables import SCHEMA_VERSION

_BUSY_SECONDS = 30.0
_SIDE_FILES = ("", "-wal", "-shm")


def backup(database: Path, target: Path, *, force: bool = False) -> int:
    """Save *database* into the new file *target*; its size in bytes.

    All that was acknowledged before the call is in it, to the same moment; a server may go on
    writing meanwhile. The file gets its name when it is whole, checked and on disk. It is for its
    owner's eyes only: inputs and results of jobs are in it, and hashes of keys.

    Raises NotFound without a database, InvalidInput for a *target* that cannot be a backup,
    Conflict when it exists and not *force*.
    """
    if not database.exists():
        raise NotFound(f"there is no database {database}")
    check_target(target, database, force=force)
    with _draft(target) as draft:
        _copy(database, draft)
        _sync(draft)
        draft.replace(target)
        _sync(target.parent)
    return target.stat().st_size


def restore(source: Path, database: Path, *, force: bool = False) -> Path | None:
    """Make *database* what *source* holds; where the database that was there is kept, if one was.

    It gets the owner and the rights of the one that was there; made new by root, those of its
    folder.

    Raises InvalidInput when *source* is no whole backup or of a newer program, Conflict while a
    server runs, and when there is a database and not *force*.
    """
    check_source(source, database)
    with locked_file(database):
        exists = database.exists() and database.stat().st_size > 0
        if exists and not force:
            raise Conflict(
                f"{database} exists", hint="With --force it is kept beside, under another name."
            )
        with _draft(database, like=_model(database)) as draft:
            _copy(source, draft)
            _refuse_newer(draft, source)
            _begin_epoch(draft)
            _sync(draft)
            kept = _set_aside(database) if exists else None
            draft.replace(database)
            _sync(database.parent)
    return kept


def _model(database: Path) -> os.stat_result | None:
    """Whose the restored database is to be; None: of whoever restores it."""
    if sys.platform == "win32" or not (database.exists() or os.geteuid() == 0):
        return None
    return owner_beside(database)


@contextmanager
def _draft(target: Path, *, like: os.stat_result | None = None) -> Iterator[Path]:
    """A new empty file beside *target*, removed after the block if it is still there."""
    draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        mend = mend_access(target) if isinstance(error, PermissionError) else None
        raise InvalidInput(f"{target} cannot be written: {error.strerror}", hint=mend) from error
    try:
        with os.fdopen(descriptor, "r+b") as file:
            if like is not None:
                _make_alike(file.fileno(), like, target)
        yield draft
    except OSError as error:
        raise Unavailable(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        for ending in BESIDE:
            with suppress(OSError):
                Path(f"{draft}{ending}").unlink()


def _make_alike(descriptor: int, like: os.stat_result, target: Path) -> None:
    """Give the new file the owner and the rights of the database: its service must open it."""
    if sys.platform == "win32":
        return
    mine = os.fstat(descriptor)
    try:
        if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(descriptor, like.st_uid, like.st_gid)
        if stat.S_ISREG(like.st_mode):
            os.fchmod(descriptor, stat.S_IMODE(like.st_mode) & 0o666)
    except OSError as error:
        raise ConfigInvalid(
            f"{target} cannot be given to its owner: {error.strerror}", hint=run_as_owner(target)
        ) from error


def _copy(source: Path, draft: Path) -> None:
    """One read transaction over all pages: a server's writes meanwhile are not in it."""
    try:
        with (
            closing(_connect(source, "rw")) as reading,
            closing(_connect(draft, "rw")) as writing,
        ):
            reading.execute("PRAGMA query_only = ON")
            reading.backup(writing)
            # One file, with no log beside it.
            writing.execute("PRAGMA journal_mode = DELETE")
            _check(writing, source)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise InvalidInput(f"{source} is no whole SQLite database: {error}") from error
        raise refusal(error, source) from error


def _check(connection: sqlite3.Connection, source: Path) -> None:
    (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if found != "ok":
        raise InvalidInput(f"{source} is damaged: {found}")
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
    if not {"alembic_version", "jobs", "events", "keys"} <= tables:
        raise InvalidInput(f"{source} is no database of an orchestrator")


def _refuse_newer(draft: Path, source: Path) -> None:
    with closing(_connect(draft, "ro")) as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if version is not None and version[0] > SCHEMA_VERSION:
        raise InvalidInput(f"{source} {other_program(version[0])}", hint=INSTALL_IT)


def _begin_epoch(draft: Path) -> None:
    """What others saw since the backup is no longer true: the database says that it is another."""
    with closing(_connect(draft, "rw")) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'facts'").fetchone():
            connection.execute("DELETE FROM facts WHERE name = 'epoch' OR name LIKE 'ticket:%'")
            connection.execute("INSERT INTO facts VALUES ('epoch', ?)", [secrets.token_hex(8)])


def _set_aside(database: Path) -> Path:
    """Give *database* a second name, under which it stays when its own is taken over."""
    name = f"{database.name}.before-{time.strftime('%Y%m%dT%H%M%S')}"
    kept = database.with_name(name)
    while kept.exists():  # restored twice within a second
        kept = database.with_name(f"{name}-{secrets.token_hex(2)}")
    _empty_log(database)
    for ending in _SIDE_FILES:
        with suppress(FileNotFoundError):
            _add_name(Path(f"{database}{ending}"), Path(f"{kept}{ending}"))
    for ending in _SIDE_FILES[1:]:
        Path(f"{database}{ending}").unlink(missing_ok=True)
    _sync(database.parent)
    faults.point("kept", "restore")
    return kept


def _empty_log(database: Path) -> None:
    """Move what SQLite's log holds into the file itself, if the file is whole enough for that."""
    with suppress(sqlite3.Error), closing(_connect(database, "rw")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _add_name(file: Path, other: Path) -> None:
    try:
        other.hardlink_to(file)
    except FileNotFoundError:
        raise
    except OSError:  # no hard links on this file system
        file.replace(other)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(path.absolute()))}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _sync(path: Path) -> None:
    """Put a file on disk, or the names in a folder where the system has a way to do so."""
    if sys.platform == "win32" and path.is_dir():
        return
    # Windows syncs only what may be written.
    handle = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
