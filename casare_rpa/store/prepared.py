"""Statements of the busiest paths: compiled once for a database, then given to its driver as text.

SQLAlchemy writes them, so that one statement serves both databases. To run one through it costs
40 us, most of what SQLite needs for a whole claim (benchmarks/group_commit.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

Values = dict[str, Any]
_Reader = Callable[[Any], Any]
#: The driver of SQLAlchemy takes parameters by place; sqlite3 itself takes names as well.
_SQLITE = sqlite.dialect(paramstyle="named")


class Prepared:
    """A statement whose parameters are plain values: no lists for IN, no expressions.

    The columns that an INSERT or UPDATE sets are those it is given values for.
    """

    def __init__(self, statement: sa.Select[Any] | sa.sql.dml.UpdateBase) -> None:
        self._statement = statement
        self._texts: dict[tuple[str, ...], _Text] = {}

    def rows(self, db: sa.Connection, given: Values) -> list[Values]:
        """Raises SQLAlchemy's DBAPIError, as does all here."""
        text = self._text(db, given)
        return text.rows(_execute(db, text.sql, text.constants | given))

    def run(self, db: sa.Connection, given: Values) -> int:
        """The number of rows touched."""
        text = self._text(db, given)
        return int(_execute(db, text.sql, text.constants | given).rowcount)

    def run_many(self, db: sa.Connection, given: Sequence[Values]) -> None:
        """Once for each of *given*, which all have the same names."""
        text = self._text(db, given[0])
        _execute(db, text.sql, [text.constants | values for values in given], many=True)

    def _text(self, db: sa.Connection, given: Values) -> _Text:
        key = (db.dialect.name, *given)
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = _Text(self._statement, db.dialect, list(given))
        return text


class _Text:
    def __init__(self, statement: Any, dialect: sa.Dialect, names: list[str]) -> None:
        dialect = _SQLITE if dialect.name == "sqlite" else dialect
        compiled = statement.compile(dialect=dialect, column_keys=names)
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise TypeError(f"a list cannot be prepared: {self.sql}")
        if unknown := set(names).difference(compiled.params):
            raise TypeError(f"{sorted(unknown)} are no parameters of: {self.sql}")
        self.constants = {
            name: value for name, value in compiled.params.items() if name not in names
        }
        self._dialect = dialect
        self._columns = [(column.name, column.type) for column in statement.exported_columns]
        self._names = [name for name, _ in self._columns]
        self._readers: list[tuple[str, _Reader]] | None = None

    def rows(self, cursor: Any) -> list[Values]:
        if self._readers is None:
            self._readers = self._find_readers(cursor.description)
        found = [dict(zip(self._names, values, strict=True)) for values in cursor.fetchall()]
        for name, reader in self._readers:
            for row in found:
                row[name] = reader(row[name])
        return found

    def _find_readers(self, description: Sequence[Any]) -> list[tuple[str, _Reader]]:
        """What makes Python's values of the driver's, for the columns that need it."""
        found = []
        for (name, type), described in zip(self._columns, description, strict=True):
            kind = type.dialect_impl(self._dialect)
            reader = kind.result_processor(self._dialect, described[1])
            if reader is not None:
                found.append((name, reader))
        return found


def _execute(db: sa.Connection, sql: str, given: Any, *, many: bool = False) -> Any:
    driver: Any = db.connection.dbapi_connection
    try:
        return driver.cursor().executemany(sql, given) if many else driver.execute(sql, given)
    except db.dialect.loaded_dbapi.Error as error:
        raise _as_told_by_sqlalchemy(db, error, sql, given) from error


def _as_told_by_sqlalchemy(db: sa.Connection, error: Any, sql: str, given: Any) -> BaseException:
    """SQLAlchemy's error of the driver's; a broken connection is given up."""
    driver: Any = db.connection.dbapi_connection
    is_gone = db.dialect.is_disconnect(error, driver, None)
    if is_gone:
        db.invalidate(error)
    of_driver = db.dialect.loaded_dbapi.Error
    told: BaseException = sa.exc.DBAPIError.instance(
        sql, given, error, of_driver, connection_invalidated=is_gone, dialect=db.dialect
    )
    return told
