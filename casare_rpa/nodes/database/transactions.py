"""Transactions: all of their statements happen, or none of them."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes.base import Context, Node, Output, Outputs
from casare_rpa.nodes.database._connection import connection_of
from casare_rpa.nodes.database._session import Session
from casare_rpa.nodes.database.connect import DONE, LIBRARIES, connection_param

_OUTPUTS = (
    Output("connection", "ANY"),
    Output("success", "BOOLEAN"),
    Output("error", "STRING"),
)


class BeginTransactionNode(Node):
    """Open a transaction: what follows on this connection happens as a whole, or not at all.

    CommitTransactionNode makes it last, RollbackTransactionNode undoes it, and so does the end of
    the run. A transaction inside another one fails. Branches that share the connection share the
    transaction. MySQL commits when a statement changes a table's definition.
    """

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}"}
    connection: Any = connection_param()
    outputs = _OUTPUTS

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        await connection.use(Session.begin)
        return {"connection": connection, **DONE}


class CommitTransactionNode(Node):
    """Commit the open transaction; without one it does nothing, and the log says so.

    It fails, and rolls back, if a statement failed in the transaction and the database
    (PostgreSQL) gave it up for that.
    """

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}"}
    connection: Any = connection_param()
    outputs = _OUTPUTS

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        if not await connection.use(Session.commit):
            ctx.log("no transaction is open: there is nothing to commit", "warning")
        return {"connection": connection, **DONE}


class RollbackTransactionNode(Node):
    """Undo all statements of the open transaction; without one it does nothing."""

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}"}
    connection: Any = connection_param()
    outputs = _OUTPUTS

    async def run(self, ctx: Context) -> Outputs:
        connection = connection_of(ctx, self.connection)
        if not await connection.rollback():
            ctx.log("no transaction is open: there is nothing to roll back", "warning")
        return {"connection": connection, **DONE}
