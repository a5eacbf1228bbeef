"""The orchestrator's database, seen from outside: to read only, SQLite or PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa

from tests.support.fleet import Orchestrator


class Database:
    """`rows("... WHERE id = :id", id=...)`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    @property
    def is_sqlite(self) -> bool:
        return self._connection.dialect.name == "sqlite"

    def rows(self, query: str, **given: Any) -> list[sa.RowMapping]:
        return list(self._connection.execute(sa.text(query), given).mappings())

    def scalar(self, query: str, **given: Any) -> Any:
        return self._connection.execute(sa.text(query), given).scalar()

    def damage(self) -> str | None:
        """What is wrong with the database itself."""
        if self.is_sqlite:
            answer = str(self.scalar("PRAGMA integrity_check"))
            return None if answer == "ok" else answer
        try:
            self._read_everything()
        except sa.exc.DBAPIError as error:
            return str(error.orig)
        return None

    def _read_everything(self) -> None:
        for table in self.tables():
            self.scalar(f"SELECT count(t::text) FROM {table} t")
        if self.scalar("SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'"):
            self.scalar(
                "SELECT count(bt_index_check(c.oid, true)::text) FROM pg_class c "
                "JOIN pg_am a ON a.oid = c.relam WHERE c.relkind = 'i' AND a.amname = 'btree' "
                "AND c.relnamespace = current_schema()::regnamespace"
            )

    def tables(self) -> list[str]:
        return list(sa.inspect(self._connection).get_table_names())

    def tables_with(self, secret: str) -> list[str]:
        """The tables in which *secret* stands as text, anywhere."""
        return [table for table in self.tables() if self._holds(table, secret)]

    def _holds(self, table: str, secret: str) -> bool:
        columns = [str(c["name"]) for c in sa.inspect(self._connection).get_columns(table)]
        anywhere = " OR ".join(f"CAST({name} AS TEXT) LIKE :pattern" for name in columns)
        query = f"SELECT count(*) FROM {table} WHERE {anywhere}"
        return bool(self.scalar(query, pattern=f"%{secret}%"))


def address_of(orchestrator: Orchestrator) -> sa.URL:
    """Of its database, with the driver that reads it."""
    given = orchestrator.program.environment.get("CASARE_DATABASE", "")
    if given.startswith("postgres"):
        return sa.make_url(given).set(drivername="postgresql+psycopg")
    path = Path(sa.make_url(given).database or "") if given else None
    path = path or orchestrator.state_dir / "orchestrator.db"
    if path.exists():
        return sa.make_url(f"sqlite:///file:{quote(str(path))}?mode=ro&uri=true")
    return sa.make_url(f"sqlite:///{_copy(orchestrator, path)}")


def _copy(orchestrator: Orchestrator, path: Path) -> Path:
    """Of a database on a disk that was mounted for the orchestrator alone: SQLite itself does not
    find its way through /proc. Nobody may write meanwhile."""
    folder = Path(tempfile.mkdtemp(prefix="copy-", dir=orchestrator.state_dir))
    for name in (path.name, f"{path.name}-wal"):
        shutil.copy(f"/proc/{orchestrator.program.pid}/root{path.parent}/{name}", folder)
    return folder / path.name


@contextmanager
def database(orchestrator: Orchestrator) -> Iterator[Database]:
    engine = sa.create_engine(address_of(orchestrator), poolclass=sa.pool.NullPool)
    try:
        with engine.connect() as connection:
            yield Database(connection)
    finally:
        engine.dispose()
