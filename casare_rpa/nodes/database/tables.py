"""Looking at the tables of a database."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param
from casare_rpa.nodes.database._connection import connection_of
from casare_rpa.nodes.database._session import Session
from casare_rpa.nodes.database.connect import DONE, LIBRARIES, connection_param
from casare_rpa.nodes.values.reading import as_text, missing

Place = tuple[str, str | None]


class TableExistsNode(Node):
    """Tell whether a table or view exists; `schema.table` looks into another schema."""

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}", "table_name": "orders"}
    connection: Any = connection_param()
    table_name: str = param(None, kind="string", required=True, help="The table.")
    outputs = (
        Output("exists", "BOOLEAN"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.table_name)
        connection = connection_of(ctx, self.connection)
        place = await connection.use(lambda session: _place(session.inspector(), name))
        return {"exists": place is not None, **DONE}


class GetTableColumnsNode(Node):
    """Describe the columns of a table or view; `schema.table` looks into another schema.

    Each of `columns` has `name`, `type` (in the database's words), `nullable`, `default` (its SQL,
    if it has one) and `primary_key`.
    """

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}", "table_name": "orders"}
    connection: Any = connection_param()
    table_name: str = param(None, kind="string", required=True, help="The table.")
    outputs = (
        Output("columns", "LIST"),
        Output("column_names", "LIST"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        name = _name(self.table_name)
        connection = connection_of(ctx, self.connection)
        columns = await connection.use(lambda session: _columns(session, name))
        if columns is None:
            raise NodeError(
                f"{connection}: there is no table {name}; check the name, or create it first",
                ErrorCode.RESOURCE_NOT_FOUND,
            )
        return {"columns": columns, "column_names": [c["name"] for c in columns], **DONE}


def _name(value: Any) -> str:
    name = as_text(value).strip()
    if not name:
        raise missing("table_name")
    return name


def _place(inspector: Any, name: str) -> Place | None:
    """The table's name and schema; None if there is no such table."""
    if inspector.has_table(name):
        return name, None
    schema, dot, table = name.partition(".")
    if dot and inspector.has_table(table, schema=schema):
        return table, schema
    return None


def _columns(session: Session, name: str) -> list[dict[str, Any]] | None:
    inspector = session.inspector()
    place = _place(inspector, name)
    if place is None:
        return None
    table, schema = place
    keys = inspector.get_pk_constraint(table, schema=schema).get("constrained_columns", ())
    return [
        {
            "name": column["name"],
            "type": str(column["type"]),
            "nullable": bool(column.get("nullable", True)),
            "default": column.get("default"),
            "primary_key": column["name"] in keys,
        }
        for column in inspector.get_columns(table, schema=schema)
    ]
