"""Several statements in one step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, Fragments, Json, Node, NodeError, Output, Outputs, prop
from casare_rpa.nodes.base import fragments as fragments_param
from casare_rpa.nodes.database._connection import DatabaseConnection, connection_of
from casare_rpa.nodes.database._session import Session
from casare_rpa.nodes.database._statement import Parameters, Sql
from casare_rpa.nodes.database.connect import LIBRARIES, connection_param
from casare_rpa.nodes.database.query import changed, parameters_of
from casare_rpa.nodes.values.reading import MISSING, missing, shown

Command = tuple[Sql, Parameters]
_SQL_KEYS = ("query", "sql", "statement")
_PARAMETER_KEYS = ("parameters", "params")


def commands_of(ctx: Context, value: Json) -> list[Command]:
    """The statements of a list, a JSON list in text, a variable's name, or one text."""
    if isinstance(value, str):
        value = _in_text(ctx, value)
    if value is None or value == "":
        raise missing("statements")
    items = value if isinstance(value, list | tuple) else [value]
    return [_command(ctx, item) for item in items]


def _in_text(ctx: Context, text: str) -> Any:
    if text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError as error:
            raise NodeError(f"statements is not JSON: {error}", ErrorCode.PARSE_ERROR) from error
    found = ctx.get_variable(text.strip(), MISSING)
    return text if found is MISSING else found


def _command(ctx: Context, item: Any) -> Command:
    if isinstance(item, str | Fragments):
        return item, ()
    if isinstance(item, Mapping):
        sql = next((item[key] for key in _SQL_KEYS if item.get(key)), None)
        given = next((item[key] for key in _PARAMETER_KEYS if item.get(key)), None)
        if isinstance(sql, str | Fragments):
            return sql, parameters_of(ctx, given)
    raise NodeError(
        f"statements: {shown(item)} is neither SQL nor an object with query and parameters",
        ErrorCode.TYPE_MISMATCH,
    )


async def run_batch(
    connection: DatabaseConnection, commands: Sequence[Command], *, stop_on_error: bool
) -> Outputs:
    """The outputs of a batch. With *stop_on_error* it happens as a whole, or raises NodeError."""
    run = _all if stop_on_error else _each
    results = await connection.use(lambda session: run(connection, session, commands))
    failed = [f"statement {r['statement']}: {r['error']}" for r in results if not r["success"]]
    return {
        "results": results,
        "total_rows_affected": sum(result["rows_affected"] for result in results),
        "success": not failed,
        "error": failed[0] if failed else "",
    }


def _all(
    connection: DatabaseConnection, session: Session, commands: Sequence[Command]
) -> list[Outputs]:
    done: list[Outputs] = []
    with session.whole():
        for number, (sql, parameters) in enumerate(commands, 1):
            try:
                done.append(_result(number, changed(session, sql, parameters)))
            except Exception as error:
                raise connection.failure(error, f"statement {number}: ") from error
    return done


def _each(
    connection: DatabaseConnection, session: Session, commands: Sequence[Command]
) -> list[Outputs]:
    done: list[Outputs] = []
    for number, (sql, parameters) in enumerate(commands, 1):
        try:
            with session.saved():
                done.append(_result(number, changed(session, sql, parameters)))
        except Exception as error:
            failure = connection.failure(error)
            if failure.error_code is ErrorCode.NETWORK_ERROR:
                raise failure from error
            done.append(_result(number, {"rows_affected": 0}, failure.message))
    return done


def _result(number: int, outputs: Outputs, error: str = "") -> Outputs:
    return {
        "statement": number,
        "rows_affected": outputs["rows_affected"],
        "success": not error,
        "error": error,
    }


class ExecuteBatchNode(Node):
    """Run a list of statements in their order.

    With `stop_on_error` they happen as a whole: the first that fails undoes those before it, and
    the node fails with its number. (Inside a transaction undoing is left to the workflow; MySQL
    cannot undo changes of a table's definition.) Without it each stands for itself, `success` is
    false if one failed, and `results` say for each `statement` its `rows_affected`, `success` and
    `error`. A statement is text, or an object with `query` and `parameters`; placeholders are bound
    as ExecuteQueryNode does it.
    """

    category = "database"
    needs = LIBRARIES
    example = {
        "connection": "{{connect.connection}}",
        "statements": [
            "DELETE FROM basket WHERE customer = {{customer}}",
            {"query": "INSERT INTO log (text) VALUES (?)", "parameters": ["emptied"]},
        ],
    }
    side_effect = True
    connection: Any = connection_param()
    statements: Json = fragments_param([], kind="list", help="The SQL, a list.")
    stop_on_error: bool = prop(True, kind="boolean", help="All statements or none of them.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        1000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("results", "LIST"),
        Output("total_rows_affected", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        commands = commands_of(ctx, self.statements)
        found: Outputs = await retried(
            ctx,
            self,
            lambda: run_batch(connection, commands, stop_on_error=self.stop_on_error),
        )
        return found
