"""Opening and closing connections."""

from __future__ import annotations

from typing import Any

from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, prop
from casare_rpa.nodes.database._address import find_address
from casare_rpa.nodes.database._connection import (
    close,
    connect,
    connection_of,
)

TYPES = ("sqlite", "postgresql", "mysql")
LIBRARIES = {"sqlalchemy": "databases"}
DONE = {"success": True, "error": ""}


def connection_param() -> Any:
    return param(None, kind="any", required=True, help="The connection of a connect node.")


class DatabaseConnectNode(Node):
    """Connect to SQLite, PostgreSQL, MySQL or MariaDB.

    Give the output `connection` to the other nodes for databases, by a connection of the workflow
    or as `{{connect.connection}}`. It stays open until CloseDatabaseNode or the end of the run; a
    transaction that is open then is rolled back. One session is opened whatever `pool_size` says:
    its statements run one at a time, also those of parallel branches.

    SQLite takes the path of a file, made if it is not there; without one the database is in memory.
    Servers take host, port, database and login, or a `connection_string` such as
    `postgresql://user@host:5432/database`. The login is that of `credential_name`, else `username`
    and `password`, else DB_USERNAME and DB_PASSWORD of the environment; with neither host nor
    database the server is that of DATABASE_URL. Port 5432 means 3306 for MySQL. With `ssl` the
    server's certificate is checked, against `ssl_ca` if that names a file. `timeout` bounds
    connecting, and with SQLite waiting for a lock; statements are bounded by the time limit of
    nodes. Without `auto_commit` the first statement opens a transaction, and CommitTransactionNode
    has to end it.
    """

    category = "database"
    needs = LIBRARIES
    example = {"db_type": "sqlite", "database": "orders.db"}
    timeout_seconds = 0
    credential_name: str = prop("", kind="string", help="The stored login to use.")
    db_type: str = param("sqlite", kind="choice", choices=TYPES, help="The kind of database.")
    host: str = param("localhost", kind="string", help="Where the server is.")
    port: int = param(5432, kind="integer", help="The server's port.")
    database: str = param("", kind="string", help="The database's name; for SQLite its file.")
    username: str = param("", kind="string", help="Who logs in.")
    password: str = param("", kind="string", help="The password.")
    connection_string: str = param("", kind="string", help="A URL instead of all these.")
    timeout: float = prop(30.0, kind="float", minimum=0.1, help="Seconds for each attempt.")
    ssl: bool = prop(False, kind="boolean", help="Encrypt, and check the server's certificate.")
    ssl_ca: str = prop("", kind="string", help="A file with the certificates to trust.")
    pool_size: int = prop(5, kind="integer", minimum=1, help="Read, and of no effect.")
    auto_commit: bool = prop(True, kind="boolean", help="Commit each statement by itself.")
    charset: str = prop("utf8mb4", kind="string", help="How MySQL encodes text.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (
        Output("connection", "ANY"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    async def run(self, ctx: Context) -> Outputs:
        address = await find_address(
            ctx,
            self,
            ssl=self.ssl,
            ssl_ca=str(ctx.path(self.ssl_ca)) if self.ssl_ca else "",
            charset=self.charset,
        )
        connection = await retried(
            ctx, self, lambda: connect(ctx, address, auto_commit=self.auto_commit)
        )
        return {"connection": connection, **DONE}


class CloseDatabaseNode(Node):
    """Close a connection; what the run leaves open is closed at its end.

    A transaction that is open is rolled back, and the log says so. Closing twice does no harm.
    """

    category = "database"
    needs = LIBRARIES
    example = {"connection": "{{connect.connection}}"}
    connection: Any = connection_param()
    outputs = (Output("success", "BOOLEAN"), Output("error", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        await close(ctx, connection_of(ctx, self.connection))
        return dict(DONE)
