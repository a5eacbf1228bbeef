"""Opening connections: from where, for whom, for how long, and what is said when it fails."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from casare_rpa.domain.events import EventBus
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.database import _connection
from casare_rpa.nodes.database._address import Address, parse_address
from casare_rpa.nodes.database._drivers import Postgresql
from casare_rpa.nodes.database._statement import Statement
from tests.nodes.database.places import HERE, KINDS, Place, change, on, query, refusal, rows
from tests.support.postgres import server_address
from tests.support.runs import chain, document, node, run_document, run_node

PASSWORD = "Gr0ßes:Ge/heim@nis"
SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT MAX(i) FROM n",
    "postgresql": "SELECT pg_sleep(300)",
    "mysql": "SELECT SLEEP(300)",
}


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def closed() -> Iterator[int]:
    """A port at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_without_a_name_sqlite_is_in_memory_and_else_a_file_in_the_working_folder(
    tmp_path: Path,
) -> None:
    for database in ("", ":memory:", "new.db"):
        raw = document(
            {
                "connect": node("DatabaseConnectNode", database=database),
                "make": change("CREATE TABLE a (b)"),
                "look": on("TableExistsNode", table_name="a"),
            },
            chain("connect", "make", "look"),
        )
        assert run_document(raw, folder=tmp_path).outputs["look"]["exists"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["new.db"]


def test_files_stay_below_the_allowed_folders_also_those_that_sql_names(
    sqlite: Place, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    allowed: dict[str, Any] = {"allowed_paths": (str(tmp_path),)}
    for sql in ("ATTACH DATABASE '{{file}}' AS x", "VACUUM INTO '/tmp/casare-not-here.db'"):
        result = sqlite.run(change(sql), variables={"file": "/tmp/casare-not-here.db"}, **allowed)
        assert refusal(result)[0] == "PERMISSION_DENIED"
    assert sqlite.run(change(f"ATTACH '{other}/a.db' AS x"), **allowed).success
    config = {"database": "/tmp/casare-not-here.db"}
    result = run_node("DatabaseConnectNode", config, folder=tmp_path, **allowed)
    assert refusal(result)[0] == "PERMISSION_DENIED"
    config = {"connection_string": "sqlite:////tmp/casare-not-here.db"}
    result = run_node("DatabaseConnectNode", config, folder=tmp_path, **allowed)
    assert refusal(result)[0] == "PERMISSION_DENIED"
    assert not Path("/tmp/casare-not-here.db").exists()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("sqlite:///a/b.db", Address(kind="sqlite", database="a/b.db")),
        ("sqlite:////a/b.db", Address(kind="sqlite", database="/a/b.db")),
        ("sqlite://", Address(kind="sqlite", database=":memory:")),
        (
            "postgres://u:p%40%2F@h/d?sslmode=require",
            Address(
                kind="postgresql",
                host="h",
                port=5432,
                username="u",
                password="p@/",
                database="d",
                query={"sslmode": "require"},
            ),
        ),
        ("mariadb+pymysql://h:99/d", Address(kind="mysql", host="h", port=99, database="d")),
    ],
)
def test_a_connection_string_is_a_url(url: str, wanted: Address) -> None:
    assert parse_address(url, "u") == wanted


@pytest.mark.parametrize("url", ["nonsense", "oracle://h/d", "mysql://u:pa/ss@h/d", "mysql://h:x/"])
def test_what_is_no_url_is_not_repeated(url: str) -> None:
    with pytest.raises(NodeError, match="connection_string is no URL") as caught:
        parse_address(url, "connection_string")
    assert url not in caught.value.message


def test_an_address_shows_no_password() -> None:
    address = parse_address("mysql://u:secret@h/d?x=secret", "u")
    assert "secret" not in f"{address} {address!r}"


def _connects(**config: Any) -> Any:
    options = config.pop("options", {})
    return run_node("DatabaseConnectNode", {"db_type": "mysql", **config}, **options)


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_is_not_there_is_told_in_one_line(kind: str, closed: int) -> None:
    config = {"db_type": kind, "host": "127.0.0.1", "username": "me", "password": PASSWORD}
    code, message = refusal(_connects(**config, port=closed, database="d"))
    assert (code, f"{kind}://me@127.0.0.1:{closed}/d" in message) == ("CONNECTION_REFUSED", True)
    assert PASSWORD not in message
    code, message = refusal(_connects(**{**config, "host": "nowhere.invalid"}))
    assert (code, "check host" in message) == ("DNS_LOOKUP_FAILED", True), message


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_that_says_nothing_is_not_waited_for(kind: str, silent: int) -> None:
    result = _connects(db_type=kind, host="127.0.0.1", port=silent, timeout=0.3)
    code, message = refusal(result)
    assert (code, "no connection within 0.3 s" in message) == ("CONNECTION_TIMEOUT", True)


def test_connecting_is_tried_again(closed: int) -> None:
    config = {"host": "127.0.0.1", "port": closed, "retry_count": 2, "retry_interval": 0}
    result = _connects(**config)
    assert refusal(result)[0] == "CONNECTION_REFUSED"
    tries = [line["message"] for line in result.logs if "trying again" in line["message"]]
    assert [text.rpartition(", ")[2] for text in tries] == ["2 left", "1 left"]


@pytest.mark.parametrize("db", KINDS[1:], indirect=True)
def test_a_wrong_login_is_refused_without_its_password(db: Place) -> None:
    events: list[Any] = []
    bus = EventBus()
    bus.subscribe_all(events.append)
    address = parse_address(db.connect["connection_string"], "u")
    config = {
        "db_type": db.kind,
        "host": address.host,
        "port": address.port,
        "database": address.database,
        "username": "casare_nobody",
        "password": PASSWORD,
        "retry_count": 3,
    }
    result = _connects(**config, options={"bus": bus})
    code, message = refusal(result)
    assert (code, "check username" in message) == ("PERMISSION_DENIED", True), message
    assert PASSWORD not in json.dumps([e.to_dict() for e in events], ensure_ascii=False)
    assert not any("trying again" in line["message"] for line in result.logs)


@pytest.mark.parametrize("db", KINDS[1:], indirect=True)
def test_a_database_that_is_not_there_is_named(db: Place) -> None:
    url = db.connect["connection_string"].partition("?")[0].rpartition("/")[0]
    code, message = refusal(_connects(connection_string=f"{url}/casare_nowhere"))
    assert (code, "casare_nowhere" in message) == ("RESOURCE_NOT_FOUND", True)


def _login_of(result: Any) -> str:
    """The user whom a refused connection was for."""
    message: str = refusal(result)[1]
    return message.partition("://")[2].partition("@")[0]


def test_a_login_comes_from_the_credential_the_node_or_the_environment(closed: int) -> None:
    environment = {"DB_USERNAME": "env", "DB_PASSWORD": "p"}
    stored = {"bank": {"username": "stored", "password": "p"}}
    config: dict[str, Any] = {"host": "127.0.0.1", "port": closed}

    def login(**more: Any) -> str:
        raw = document({"n": node("DatabaseConnectNode", db_type="mysql", **config, **more)})
        return _login_of(run_document(raw, stored, environment=environment))

    assert login() == "env"
    assert login(username="own") == "own"
    assert login(username="own", credential_name="bank") == "stored"
    assert login(username="own", credential_name="nobody") == "own"
    url = f"mysql://url@127.0.0.1:{closed}/d"
    assert login(connection_string=url) == "url"
    config.clear()
    environment["DATABASE_URL"] = f"mysql://whole@127.0.0.1:{closed}/d"
    assert login() == "whole"


def test_text_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database at all, but long enough to be looked at" * 20)
    raw = document(
        {"connect": node("DatabaseConnectNode", database="a.db"), "q": query("SELECT * FROM a")},
        chain("connect", "q"),
    )
    code, message = refusal(run_document(raw, folder=tmp_path))
    assert (code, "not a database" in message) == ("INVALID_FORMAT", True)
    code, message = refusal(
        run_node("DatabaseConnectNode", {"database": "no/such/a.db"}, folder=tmp_path)
    )
    assert (code, "check that the folder exists" in message) == ("FILE_ACCESS_DENIED", True)
    assert refusal(_connects(db_type="oracle"))[0] == "CONFIG_INVALID"


def test_a_statement_that_takes_too_long_is_stopped_and_the_connection_goes_on(db: Place) -> None:
    slow = query(SLOW[db.kind], continue_on_error=True)
    assert db.run(query("SELECT 1 AS v")).success  # the libraries are loaded from here on
    result = db.run(slow, query("SELECT 1 AS v"), node_timeout_seconds=2.0)
    assert rows(result, "s2") == [{"v": 1}]
    assert any("timed out after 2s" in line["message"] for line in result.logs)


def test_a_run_that_is_stopped_stops_its_statement(db: Place) -> None:
    result = db.run(query(SLOW[db.kind]), timeout_seconds=1.0)
    assert result.status == "timeout"
    assert not any("left to itself" in line["message"] for line in result.logs)


def test_a_locked_database_is_waited_for_and_tried_again(sqlite: Place) -> None:
    quick = Place(
        kind="sqlite",
        table=sqlite.table,
        connect={**sqlite.connect, "timeout": 0.1},
        folder=sqlite.folder,
    )
    assert quick.run(change("CREATE TABLE {t} (id)")).success
    holder = sqlite3.connect(sqlite.folder / "test.db")
    with holder:
        holder.execute(f"INSERT INTO {sqlite.table} VALUES (1)")
        step = change("INSERT INTO {t} VALUES (2)", retry_count=1, retry_interval=0)
        result = quick.run(step)
        code, message = refusal(result)
        assert (code, "locked" in message) == ("RESOURCE_LOCKED", True)
        assert sum("trying again" in line["message"] for line in result.logs) == 1
    holder.close()
    assert quick.run(step).success


KILL = {"postgresql": "SELECT pg_terminate_backend(pg_backend_pid())", "mysql": "KILL {{me.i}}"}
WHO = {"postgresql": "SELECT 1 AS i", "mysql": "SELECT CONNECTION_ID() AS i"}


@pytest.mark.parametrize("db", KINDS[1:], indirect=True)
def test_a_lost_connection_is_opened_again_but_not_inside_a_transaction(db: Place) -> None:
    kill = query(KILL[db.kind], continue_on_error=True)
    me = query(WHO[db.kind])
    keep = node("SetVariableNode", variable_name="me", value="{{s1.results[0]}}")
    result = db.run(me, keep, kill, query("SELECT 2 AS v", retry_count=1, retry_interval=0))
    assert rows(result, "s4") == [{"v": 2}]

    begin, insert = on("BeginTransactionNode"), change("INSERT INTO {t} VALUES (1)")
    assert db.run(change("CREATE TABLE {t} (id INTEGER)")).success
    code, message = refusal(db.run(me, keep, begin, kill, insert))
    assert (code, "the open transaction was lost" in message) == ("INVALID_INPUT", True)
    result = db.run(me, keep, begin, kill, on("RollbackTransactionNode"), insert)
    assert result.success, result.error
    assert rows(db.run(query("SELECT id FROM {t}")), "s1") == [{"id": 1}]


@pytest.mark.postgres
def test_a_connection_that_is_lost_behind_the_last_row_is_closed_without_a_word() -> None:
    server = server_address()
    assert server is not None
    end = "SELECT pg_terminate_backend(%s, 60000)"
    with psycopg.connect(server) as killer, psycopg.connect(server, autocommit=True) as lost:
        with Postgresql().answer(lost, Statement(sql="SELECT 1"), lost.cancel_safe) as cursor:
            assert cursor.fetchall() == [(1,)]
            assert killer.execute(end, [lost.info.backend_pid]).fetchone() == (True,)
        assert (cursor.closed, lost.closed) == (True, True)


def test_a_loop_that_forgets_to_close_its_connections_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_connection, "_MOST_OPEN", 3)
    nodes = {
        "loop": node("ForLoopStartNode", items=[1, 2, 3, 4]),
        "connect": node("DatabaseConnectNode"),
        "close": node("CloseDatabaseNode", connection=HERE),
    }
    forgets = document(nodes, chain("loop.body", "connect"))
    code, message = refusal(run_document(forgets, folder=tmp_path))
    assert (code, "CloseDatabaseNode" in message) == ("RESOURCE_EXHAUSTED", True)
    closes = document(nodes, chain("loop.body", "connect", "close"))
    assert run_document(closes, folder=tmp_path).success


def test_a_closed_connection_says_so(sqlite: Place) -> None:
    code, message = refusal(sqlite.run(on("CloseDatabaseNode"), query("SELECT 1")))
    assert (code, "is closed: connect again" in message) == ("INVALID_INPUT", True)


def test_without_the_library_a_workflow_is_refused_with_the_command_that_installs_it() -> None:
    script = textwrap.dedent("""
        import importlib.util, sys
        from casare_rpa.nodes.catalogue import NodeNotAvailable, node_class, runnable_class
        from tests.support.runs import run_node

        class Hidden:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in hidden:
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, Hidden())
        hidden = {"pymysql"}
        node_class("ExecuteQueryNode")
        find_spec = importlib.util.find_spec
        importlib.util.find_spec = lambda name: name != "sqlalchemy" and find_spec(name) or None
        try:
            runnable_class("ExecuteQueryNode")
        except NodeNotAvailable as error:
            print(error.message, "|", error.hint)
        importlib.util.find_spec = find_spec
        print(run_node("DatabaseConnectNode", {"db_type": "mysql"}).error.message)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    library, driver = done.stdout.splitlines()
    assert library == (
        "ExecuteQueryNode needs the extra 'databases', which is not installed | "
        "pip install 'casare-rpa[databases]'"
    )
    assert "needs the library pymysql, which is not installed: pip install" in driver
