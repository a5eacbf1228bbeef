"""From SQLite to PostgreSQL: everything, or nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from casare_rpa.errors import Conflict, NotFound, ServerFailed
from casare_rpa.store.migrate import migrate
from casare_rpa.store.postgresql.connection import address_of, pool, refusal_at_start
from casare_rpa.store.postgresql.migrating import migrate_alone
from casare_rpa.store.sqlite.backup import backup
from casare_rpa.store.sqlite.lock import locked_file
from casare_rpa.store.tables import metadata

_ROWS_AT_ONCE = 1000


def move(source: Path, target: str) -> dict[str, int]:
    """Copy the SQLite database *source* into the empty PostgreSQL *target*; rows by table.

    One transaction, and every table is counted on both sides before it ends. *source* stays as it
    is, also when it was written by an earlier version.

    Raises NotFound without *source*, Conflict while a server uses it or when *target* is not empty.
    """
    if not source.exists():
        # The lock would make its folder.
        raise NotFound(f"there is no database {source}")
    address = address_of(target)
    engine = pool(address)
    try:
        with locked_file(source), tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.db"
            backup(source, copy)
            with _opened(copy) as reading, engine.begin() as writing:
                migrate_alone(writing)
                _refuse_rows(writing, address)
                return {table.name: _carry(table, reading, writing) for table in _tables()}
    except sa.exc.SQLAlchemyError as error:
        raise refusal_at_start(error, address) from error
    finally:
        engine.dispose()


def _opened(copy: Path) -> sa.Connection:
    """The copy in this version's schema."""
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=str(copy)), poolclass=sa.pool.NullPool
    )
    with engine.begin() as connection:
        migrate(connection)
    return engine.connect()


def _tables() -> list[sa.Table]:
    return list(metadata.sorted_tables)


def _refuse_rows(writing: sa.Connection, address: sa.URL) -> None:
    for table in _tables():
        if _count(table, writing):
            raise Conflict(
                f"the database {address.database} is not empty: it has rows in {table.name}",
                hint="Name an empty one: createdb NAME.",
            )


def _carry(table: sa.Table, reading: sa.Connection, writing: sa.Connection) -> int:
    rows = 0
    for part in _parts(table, reading):
        writing.execute(sa.insert(table), part)
        rows += len(part)
    found = _count(table, writing)
    if not rows == found == _count(table, reading):
        raise ServerFailed(f"{table.name}: {rows} rows were read, {found} arrived")
    return rows


def _parts(table: sa.Table, reading: sa.Connection) -> Iterator[list[dict[str, object]]]:
    found = reading.execution_options(stream_results=True).execute(sa.select(table)).mappings()
    for part in found.partitions(_ROWS_AT_ONCE):
        yield [dict(row) for row in part]


def _count(table: sa.Table, connection: sa.Connection) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return int(connection.execute(query).scalar_one())
