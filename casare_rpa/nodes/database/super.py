"""The database node that does one of many things, chosen by its action."""

from __future__ import annotations

from typing import Any, ClassVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.base import fragments as fragments_param
from casare_rpa.nodes.database.batch import ExecuteBatchNode
from casare_rpa.nodes.database.connect import (
    LIBRARIES,
    TYPES,
    CloseDatabaseNode,
    DatabaseConnectNode,
)
from casare_rpa.nodes.database.query import ExecuteNonQueryNode, ExecuteQueryNode
from casare_rpa.nodes.database.transactions import (
    BeginTransactionNode,
    CommitTransactionNode,
    RollbackTransactionNode,
)

_ACTIONS: dict[str, type[Node]] = {
    "Connect": DatabaseConnectNode,
    "Query (SELECT)": ExecuteQueryNode,
    "Execute (INSERT/UPDATE/DELETE)": ExecuteNonQueryNode,
    "Begin Transaction": BeginTransactionNode,
    "Commit": CommitTransactionNode,
    "Rollback": RollbackTransactionNode,
    "Close Connection": CloseDatabaseNode,
    "Execute Batch": ExecuteBatchNode,
}


class DatabaseSuperNode(Node):
    """Do any database operation, chosen by the action.

    The parameters and outputs are those of the node of the action's name, such as ExecuteQueryNode;
    the rows affected by a batch are `rows_affected`. What fails leaves by `exec_error` if something
    is wired to it, with `success` and `error`; otherwise the node fails.
    """

    category = "database"
    needs = LIBRARIES
    example = {
        "action": "Query (SELECT)",
        "connection": "{{connect.connection}}",
        "query": "SELECT * FROM orders WHERE id = {{id}}",
    }
    actions: ClassVar[tuple[str, ...]] = tuple(_ACTIONS)
    exec_outputs = ("exec_out", "exec_error")
    side_effect = True
    #: `query` is fine, and an action that there is not fails.
    beyond_limits = frozenset({"action"})
    action: str = param("Query (SELECT)", kind="choice", choices=actions, help="What to do.")
    connection: Any = port(None, kind="any", help="The connection, for all actions but Connect.")
    credential_name: str = prop("", kind="string", help="The stored login to use.")
    db_type: str = param("sqlite", kind="choice", choices=TYPES, help="The kind of database.")
    host: str = param("localhost", kind="string", help="Where the server is.")
    port: int = param(5432, kind="integer", help="The server's port.")
    database: str = param("", kind="string", help="The database's name; for SQLite its file.")
    username: str = param("", kind="string", help="Who logs in.")
    password: str = param("", kind="string", help="The password.")
    connection_string: str = param("", kind="string", help="A URL instead of all these.")
    pool_size: int = prop(5, kind="integer", minimum=1, help="Read, and of no effect.")
    timeout: float = prop(30.0, kind="float", minimum=0.1, help="Seconds to connect.")
    use_ssl: bool = prop(False, kind="boolean", help="Encrypt, and check the certificate.")
    query: Any = fragments_param("", kind="text", help="The SQL.")
    parameters: Json = param([], kind="json", port_kind="LIST", help="Values for its marks.")
    statements: Json = fragments_param([], kind="json", port_kind="LIST", help="The batch.")
    stop_on_error: bool = prop(True, kind="boolean", help="All of the batch or nothing.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        1000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("connection", "ANY"),
        Output("results", "LIST"),
        Output("row_count", "INTEGER"),
        Output("columns", "LIST"),
        Output("rows_affected", "INTEGER"),
        Output("last_insert_id", "INTEGER"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        cls = _chosen(self.action)
        values = {name: getattr(self, name) for name in cls.params if name in self.params}
        if cls is DatabaseConnectNode:
            values["ssl"] = self.use_ssl
        working: Any = cls(**values).run(ctx)
        outputs: Outputs = await working
        if "total_rows_affected" in outputs:
            outputs["rows_affected"] = outputs.pop("total_rows_affected")
        return outputs


def _chosen(action: Any) -> type[Node]:
    """The node of an action; its first word is enough where no other action begins so."""
    wanted = " ".join(str(action or "").lower().replace("_", " ").split())
    for name, cls in _ACTIONS.items():
        if wanted in (name.lower(), name.lower().partition(" (")[0]):
            return cls
    raise NodeError(
        f"no action {action!r}; the actions are: {', '.join(_ACTIONS)}", ErrorCode.INVALID_INPUT
    )
