"""What a database is, seen without changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa

from casare_rpa.store.addresses import back_end_of
from casare_rpa.store.facts import EPOCH
from casare_rpa.store.migrate import version_of
from casare_rpa.store.sqlite.files import look_into, path_of, refusal
from casare_rpa.store.sqlite.lock import is_in_use
from casare_rpa.store.tables import (
    LEADER_LOCK,
    SCHEMA_VERSION,
    facts,
    jobs,
    keys,
    robots,
    workflows,
)

_COUNTED = (workflows, jobs, robots, keys)
_LEADER_EXISTS = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted "
    "AND classid = :lock "
    "AND objid::bigint = hashtext(current_schema())::bigint & 4294967295 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def status_of(url: str) -> dict[str, Any]:
    """Where it is, without a password, its schema, whether a server uses it, and its rows.

    `state` is missing (no file), empty (no tables), older (to be migrated), current or newer.
    """
    found: dict[str, Any] = {
        "database": shown(url),
        "state": "missing",
        "schema_version": None,
        "wanted_version": SCHEMA_VERSION,
        "in_use": False,
    }
    if back_end_of(url) == "sqlite":
        path = path_of(url)
        if not path.exists():
            return found
        found |= {"bytes": path.stat().st_size, "in_use": is_in_use(path)}
        reader = _sqlite_reader(path, is_still=not found["in_use"])
    else:
        # The driver may not be installed, and is needed for PostgreSQL only.
        from casare_rpa.store.postgresql.reading import reader_of  # noqa: PLC0415

        reader = reader_of(url)
    with reader as connection:
        found["in_use"] = found["in_use"] or _has_leader(connection)
        return found | _look(connection)


def shown(url: str) -> str:
    """Where the database is, as it may be printed: the real path of a file, else the address."""
    if back_end_of(url) == "sqlite":
        return str(path_of(url))
    return sa.make_url(url).render_as_string(hide_password=True)


def _look(connection: sa.Connection) -> dict[str, Any]:
    version = version_of(connection)
    if version is None:
        return {"state": "empty"}
    state = "current" if version == SCHEMA_VERSION else "older"
    if version > SCHEMA_VERSION:
        state = "newer"
    rows = {table.name: _count(connection, table) for table in _COUNTED}
    return {"state": state, "schema_version": version, **rows, "epoch": _epoch(connection)}


def _count(connection: sa.Connection, table: sa.Table) -> int:
    # Columns may be missing in an earlier schema: only the table is named.
    query = sa.select(sa.func.count()).select_from(sa.table(table.name))
    return int(connection.execute(query).scalar_one())


def _epoch(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(facts.name):
        return None
    found = connection.execute(sa.select(facts.c.value).where(facts.c.name == EPOCH)).scalar()
    return None if found is None else str(found)


def _has_leader(connection: sa.Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return False
    return bool(connection.execute(sa.text(_LEADER_EXISTS), {"lock": LEADER_LOCK}).scalar())


@contextmanager
def _sqlite_reader(path: Path, *, is_still: bool) -> Iterator[sa.Connection]:
    """*is_still*: no server writes meanwhile."""
    mode = "mode=ro"
    if is_still and not Path(f"{path}-wal").exists():
        # SQLite would make a log beside the file, and could not remove it again.
        mode += "&immutable=1"

    look = partial(look_into, path, mode)
    engine = sa.create_engine("sqlite://", creator=look, poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.DBAPIError as error:
        raise refusal(cast(sqlite3.Error, error.orig), path) from error
    finally:
        engine.dispose()
