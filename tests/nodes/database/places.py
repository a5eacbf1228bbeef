"""Databases that tests may use, and workflows on them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from casare_rpa.engine import RunResult
from tests.support.postgres import own_schema, server_address
from tests.support.runs import chain, document, node, run_document

HERE = "{{connect.connection}}"
KINDS = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.postgres),
    pytest.param("mysql", marks=pytest.mark.mariadb),
]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database and its own `table`; `connect` is the config of a node that connects to it."""

    kind: str
    table: str
    connect: Mapping[str, Any]
    folder: Path

    @property
    def mark(self) -> str:
        return {"sqlite": "?", "postgresql": "$1", "mysql": "%s"}[self.kind]

    def run(self, *steps: Any, variables: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Connect, then run *steps*, called s1, s2 and so on, with `{t}` as the table's name."""
        nodes = {"connect": node("DatabaseConnectNode", **self.connect)}
        nodes |= {f"s{number}": self._named(step) for number, step in enumerate(steps, 1)}
        raw = document(nodes, chain(*nodes))
        return run_document(raw, variables, folder=self.folder, **more)

    def _named(self, step: Any) -> Any:
        if isinstance(step, str):
            return step.replace("{t}", self.table)
        if isinstance(step, Mapping):
            return {key: self._named(item) for key, item in step.items()}
        return [self._named(item) for item in step] if isinstance(step, list) else step


def query(sql: str, **config: Any) -> dict[str, Any]:
    return node("ExecuteQueryNode", connection=HERE, query=sql, **config)


def change(sql: str, **config: Any) -> dict[str, Any]:
    return node("ExecuteNonQueryNode", connection=HERE, query=sql, **config)


def batch(statements: Any, **config: Any) -> dict[str, Any]:
    return node("ExecuteBatchNode", connection=HERE, statements=statements, **config)


def on(node_type: str, **config: Any) -> dict[str, Any]:
    return node(node_type, connection=HERE, **config)


def rows(result: RunResult, step: str) -> list[dict[str, Any]]:
    assert result.success, result.error
    found: list[dict[str, Any]] = result.outputs[step]["results"]
    return found


def refusal(result: RunResult) -> tuple[str, str]:
    """The code and the message of a failed run, which is one line."""
    assert result.status == "failed", result.outputs
    assert result.error is not None
    assert "\n" not in result.error.message
    return result.error.code, result.error.message


def mariadb_address() -> str | None:
    return os.environ.get("CASARE_TEST_MARIADB")


_numbers = itertools.count()


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Place]:
    table = f"casare_{uuid4().hex[:10]}_{next(_numbers)}"
    if kind == "sqlite":
        yield Place(kind=kind, table=table, connect={"database": "test.db"}, folder=folder)
        return
    server = server_address() if kind == "postgresql" else mariadb_address()
    name = "CASARE_TEST_POSTGRES" if kind == "postgresql" else "CASARE_TEST_MARIADB"
    if not server:
        pytest.skip(f"{name} names no server to test with")
    if kind == "postgresql":
        with own_schema(server) as url:
            config = {"db_type": kind, "connection_string": url}
            yield Place(kind=kind, table=table, connect=config, folder=folder)
        return
    config = {"db_type": kind, "connection_string": server}
    try:
        yield Place(kind=kind, table=table, connect=config, folder=folder)
    finally:
        with _mariadb(server).begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")


def _mariadb(server: str) -> sa.Engine:
    url = sa.make_url(server).set(drivername="mysql+pymysql")
    return sa.create_engine(url, poolclass=sa.pool.NullPool)
