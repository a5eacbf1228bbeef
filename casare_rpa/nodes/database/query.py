"""Asking a database, and changing what is in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.base import fragments as fragments_param
from casare_rpa.nodes.database._connection import DatabaseConnection, connection_of
from casare_rpa.nodes.database._drivers import Cursor
from casare_rpa.nodes.database._session import Session
from casare_rpa.nodes.database._statement import Parameters, Sql
from casare_rpa.nodes.database._types import from_driver, weight
from casare_rpa.nodes.database.connect import DONE, LIBRARIES, connection_param
from casare_rpa.nodes.values.reading import as_list, as_map

#: What a query may give: beyond it the node fails instead of the process.
MAX_ROWS = 100_000
MAX_RESULT_BYTES = 256 << 20


def parameters_of(ctx: Context, value: Json) -> Parameters:
    """Values for the marks of a statement: a list, or a map for marks with names."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return ()
    if isinstance(value, Mapping) or (isinstance(value, str) and value.lstrip().startswith("{")):
        return as_map(ctx, value, "parameters")
    return as_list(ctx, value, "parameters")


async def ask(connection: DatabaseConnection, sql: Sql, parameters: Parameters) -> Outputs:
    """The outputs of a query: its rows as maps, their count, the names of the columns."""

    def work(session: Session) -> Outputs:
        with session.answer(sql, parameters) as cursor:
            columns, rows = _read(cursor)
        return {"results": rows, "row_count": len(rows), "columns": columns}

    return await connection.use(work) | DONE


async def change(connection: DatabaseConnection, sql: Sql, parameters: Parameters) -> Outputs:
    """The outputs of a statement that changes something."""
    return await connection.use(lambda session: changed(session, sql, parameters)) | DONE


def changed(session: Session, sql: Sql, parameters: Parameters) -> Outputs:
    with session.answer(sql, parameters) as cursor:
        if cursor.description is not None:
            # SQLite does, and counts, the work of RETURNING row by row.
            for _ in cursor:
                pass
        return {
            "rows_affected": max(cursor.rowcount, 0),
            "last_insert_id": getattr(cursor, "lastrowid", None) or None,
        }


def _read(cursor: Cursor) -> tuple[list[str], list[dict[str, Any]]]:
    if cursor.description is None:
        return [], []
    columns = _names(column[0] for column in cursor.description)
    rows: list[dict[str, Any]] = []
    size = 0
    for row in cursor:
        rows.append(dict(zip(columns, map(from_driver, row), strict=True)))
        size += weight(rows[-1])
        if len(rows) > MAX_ROWS or size > MAX_RESULT_BYTES:
            raise NodeError(
                f"the query gives more than {MAX_ROWS} rows or {MAX_RESULT_BYTES >> 20} MiB: take "
                "fewer columns, or a part of the rows at a time with LIMIT",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
    return columns, rows


def _names(columns: Iterable[str]) -> list[str]:
    """The names of the columns, a second `id` as `id_2`, so that no value hides another."""
    found: dict[str, None] = {}
    for column in columns:
        name, count = column, 1
        while name in found:
            count += 1
            name = f"{column}_{count}"
        found[name] = None
    return list(found)


class ExecuteQueryNode(Node):
    """Run a query and give its rows, each an object with the columns as keys.

    A placeholder in the query is never written into it: its value is bound as a parameter, so that
    no value can become SQL. `WHERE id = {{id}}` keeps the type, `LIKE '%{{word}}%'` is one text,
    `IN ({{ids}})` takes the items of a list. Names of tables and columns cannot be bound.
    `parameters` fill the marks of the query: `?` for SQLite, `$1` or `%s` for PostgreSQL, `%s` or
    `?` for MySQL, in all of them `:name` when they are an object.

    Numbers stay numbers (decimals that no float holds become text), times become ISO 8601 text, in
    UTC where the database knows their zone, JSON becomes lists and objects, bytes stay bytes. A
    second column of the same name is called `name_2`. More than 100,000 rows or 256 MiB fail.
    Connections, locks and time limits that fail are tried again `retry_count` times, except inside
    a transaction.
    """

    category = "database"
    needs = LIBRARIES
    example = {
        "connection": "{{connect.connection}}",
        "query": "SELECT id, total FROM orders WHERE customer = {{customer}} AND total > ?",
        "parameters": [100],
    }
    connection: Any = connection_param()
    query: Any = fragments_param("", kind="string", help="The SQL.")
    parameters: Json = param([], kind="list", help="Values for the marks of the query.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        1000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("results", "LIST"),
        Output("row_count", "INTEGER"),
        Output("columns", "LIST"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        given = parameters_of(ctx, self.parameters)
        found: Outputs = await retried(ctx, self, lambda: ask(connection, self.query, given))
        return found


class ExecuteNonQueryNode(Node):
    """Run a statement that changes data or tables, and count the rows it affected.

    It is committed at once, unless a transaction is open. Placeholders and `parameters` are bound
    as ExecuteQueryNode does it. `last_insert_id` is the key that SQLite and MySQL gave to a new
    row; with PostgreSQL ask for it with ExecuteQueryNode and `RETURNING`.
    """

    category = "database"
    needs = LIBRARIES
    example = {
        "connection": "{{connect.connection}}",
        "query": "UPDATE orders SET state = '{{state}}' WHERE id = ?",
        "parameters": [17],
    }
    side_effect = True
    connection: Any = connection_param()
    query: Any = fragments_param("", kind="string", help="The SQL.")
    parameters: Json = param([], kind="list", help="Values for the marks of the query.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        1000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("rows_affected", "INTEGER"),
        Output("last_insert_id", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        given = parameters_of(ctx, self.parameters)
        found: Outputs = await retried(ctx, self, lambda: change(connection, self.query, given))
        return found
