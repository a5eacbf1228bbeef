"""What a database is, seen without changing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from casare_rpa.errors import InvalidInput
from casare_rpa.store.facts import EPOCH
from casare_rpa.store.migrate import version_of
from casare_rpa.store.sqlite import is_in_use, path_of
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
    """Its address without the password, its schema, whether a server uses it, and its rows.

    `state` is missing (no file), empty (no tables), older (to be migrated), current or newer.
    """
    found: dict[str, Any] = {
        "database": shown(url),
        "state": "missing",
        "schema_version": None,
        "wanted_version": SCHEMA_VERSION,
        "in_use": False,
    }
    if url.startswith("sqlite"):
        path = path_of(url)
        if not path.exists():
            return found
        found |= {"bytes": path.stat().st_size, "in_use": is_in_use(path)}
        reader = _sqlite_reader(path)
    else:
        # The driver may not be installed, and is needed for PostgreSQL only.
        from casare_rpa.store.postgresql.reading import reader_of  # noqa: PLC0415

        reader = reader_of(url)
    with reader as connection:
        found["in_use"] = found["in_use"] or _has_leader(connection)
        return found | _look(connection)


def shown(url: str) -> str:
    """The address as it may be printed."""
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
def _sqlite_reader(path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///file:{quote(str(path))}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise InvalidInput(f"{path} cannot be read: {error}") from error
    finally:
        engine.dispose()
