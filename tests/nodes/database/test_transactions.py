"""Transactions, batches, and what is left when a run ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.nodes.database.places import HERE, KINDS, Place, batch, change, on, query, refusal, rows
from tests.support.runs import chain, document, node, run_document

CREATE = change("CREATE TABLE {t} (id INTEGER NOT NULL UNIQUE)")
BEGIN, COMMIT = on("BeginTransactionNode"), on("CommitTransactionNode")
ROLLBACK = on("RollbackTransactionNode")


def insert(number: int, **config: Any) -> dict[str, Any]:
    return change(f"INSERT INTO {{t}} VALUES ({number})", **config)


def ids(db: Place) -> list[int]:
    """What a connection of its own sees in the table."""
    return [row["id"] for row in rows(db.run(query("SELECT id FROM {t} ORDER BY id")), "s1")]


def warnings(result: Any) -> str:
    return "\n".join(x["message"] for x in result.logs if x["level"].lower() == "warning")


def test_a_transaction_lasts_when_it_is_committed_and_not_when_it_is_rolled_back(db: Place) -> None:
    result = db.run(CREATE, BEGIN, insert(1), COMMIT, BEGIN, insert(2), ROLLBACK, insert(3))
    assert result.success, result.error
    assert ids(db) == [1, 3]
    assert "rolled back" not in warnings(result)


def test_a_transaction_that_is_open_at_the_end_is_rolled_back_and_the_log_says_so(
    db: Place,
) -> None:
    assert db.run(CREATE).success
    result = db.run(BEGIN, insert(1))
    assert result.success, result.error
    assert "the open transaction is rolled back" in warnings(result)
    assert refusal(db.run(BEGIN, insert(2), query("SELEC")))[0] == "INVALID_INPUT"
    closed = db.run(BEGIN, insert(3), on("CloseDatabaseNode"), on("CloseDatabaseNode"))
    assert "the open transaction is rolled back" in warnings(closed)
    assert ids(db) == []


def test_tables_made_in_a_transaction_go_with_it_where_the_database_can(db: Place) -> None:
    result = db.run(BEGIN, CREATE, ROLLBACK, on("TableExistsNode", table_name="{t}"))
    assert result.success, result.error
    assert result.outputs["s4"]["exists"] is (db.kind == "mysql")


def test_ending_what_was_not_begun_is_only_logged(db: Place) -> None:
    result = db.run(COMMIT, ROLLBACK)
    assert result.success, result.error
    assert "nothing to commit" in warnings(result)
    assert "nothing to roll back" in warnings(result)


def test_a_transaction_inside_another_fails(db: Place) -> None:
    code, message = refusal(db.run(BEGIN, BEGIN))
    assert (code, "open already" in message) == ("INVALID_INPUT", True)


@pytest.mark.parametrize("db", KINDS[1:2], indirect=True)
def test_a_commit_that_postgresql_would_turn_into_a_rollback_fails(db: Place) -> None:
    result = db.run(CREATE, BEGIN, insert(1), insert(1, continue_on_error=True), COMMIT)
    code, message = refusal(result)
    assert (code, "was rolled back and not committed" in message) == ("VALIDATION_FAILED", True)
    assert ids(db) == []


def test_without_auto_commit_a_statement_opens_the_transaction(db: Place) -> None:
    manual = Place(
        kind=db.kind,
        table=db.table,
        connect={**db.connect, "auto_commit": False},
        folder=db.folder,
    )
    assert db.run(CREATE).success
    result = manual.run(insert(1), insert(1, continue_on_error=True), ROLLBACK, BEGIN, insert(2))
    assert "the open transaction is rolled back" in warnings(result)
    assert ids(db) == []
    result = manual.run(query("SELEC", continue_on_error=True), insert(3), COMMIT)
    assert result.success, result.error
    assert ids(db) == [3]


@pytest.mark.parametrize("db", KINDS[2:], indirect=True)
def test_a_transaction_that_a_deadlock_has_undone_is_not_continued(db: Place) -> None:
    """MySQL would commit each of its further statements by itself."""
    deadlock = change(
        "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock'",
        continue_on_error=True,
        retry_count=3,
    )
    result = db.run(CREATE, BEGIN, insert(1), deadlock, insert(2))
    code, message = refusal(result)
    assert (code, "the open transaction was lost" in message) == ("INVALID_INPUT", True)
    assert "trying again" not in warnings(result)
    result = db.run(BEGIN, insert(3), deadlock, ROLLBACK, insert(4))
    assert result.success, result.error
    assert ids(db) == [4]


def test_a_batch_happens_as_a_whole_or_not_at_all(db: Place) -> None:
    assert db.run(CREATE).success
    good = batch(
        [
            "INSERT INTO {t} VALUES ({{one}})",
            {"query": f"INSERT INTO {{t}} VALUES ({db.mark})", "parameters": ["{{two}}"]},
            "UPDATE {t} SET id = id + 10",
        ]
    )
    variables = {"one": 1, "two": 2}
    result = db.run(good, variables=variables)
    assert result.success, result.error
    outputs = result.outputs["s1"]
    assert (outputs["total_rows_affected"], outputs["success"], outputs["error"]) == (4, True, "")
    assert [r["rows_affected"] for r in outputs["results"]] == [1, 1, 2]
    code, message = refusal(
        db.run(batch(["INSERT INTO {t} VALUES (5)", "INSERT INTO {t} VALUES (11)"]))
    )
    assert (code, "statement 2: " in message) == ("DUPLICATE_VALUE", True)
    assert ids(db) == [11, 12]


def test_a_batch_may_go_on_after_an_error(db: Place) -> None:
    statements = [f"INSERT INTO {{t}} VALUES ({n})" for n in (1, 1, 2)]
    for around in ((), (BEGIN,)):
        steps = [change("DROP TABLE IF EXISTS {t}"), CREATE, *around]
        steps += [batch(statements, stop_on_error=False), *([COMMIT] if around else [])]
        result = db.run(*steps)
        assert result.success, result.error
        outputs = result.outputs["s4" if around else "s3"]
        assert [r["success"] for r in outputs["results"]] == [True, False, True]
        assert (outputs["success"], outputs["total_rows_affected"]) == (False, 2)
        assert outputs["error"].startswith("statement 2: ")
        assert ids(db) == [1, 2]


@pytest.mark.parametrize(
    "statements",
    [
        "[\"INSERT INTO {t} VALUES ('{{n}}')\"]",
        "{{list}}",
        "list",
        "INSERT INTO {t} VALUES ({{n}})",
    ],
)
def test_statements_may_be_json_text_a_variable_or_one_text(sqlite: Place, statements: str) -> None:
    listed = [f"INSERT INTO {sqlite.table} VALUES (7)"]
    result = sqlite.run(CREATE, batch(statements), variables={"list": listed, "n": 7})
    assert result.success, result.error
    assert ids(sqlite) == [7]


@pytest.mark.parametrize("statements", [[5], [{"a": 1}], "[oops", None, ""])
def test_what_is_no_list_of_statements_is_refused(sqlite: Place, statements: Any) -> None:
    result = sqlite.run(batch(statements))
    if statements is None:
        assert result.success, "the default is an empty list"
        return
    assert "statements" in refusal(result)[1]


def test_branches_side_by_side_share_a_connection(db: Place) -> None:
    raw = document(
        {
            "connect": node("DatabaseConnectNode", **db.connect),
            "make": change(f"CREATE TABLE {db.table} (id INTEGER NOT NULL UNIQUE)"),
            "each": node("ParallelForEachNode", items=list(range(20)), batch_size=10),
            "put": change(f"INSERT INTO {db.table} VALUES ({{{{item}}}})"),
            "get": query(f"SELECT id FROM {db.table} WHERE id = {{{{item}}}}"),
            "keep": node("SetVariableNode", variable_name="got", value="{{get.results[0].id}}"),
            "count": query(f"SELECT COUNT(*) AS n FROM {db.table}"),
        },
        chain("connect", "make", "each.body", "put", "get", "keep"),
        chain("each.completed", "count"),
    )
    result = run_document(raw, folder=db.folder)
    assert rows(result, "count") == [{"n": 20}]
    assert [each["got"] for each in result.outputs["each"]["results"]] == list(range(20))


def test_tables_are_told_with_their_columns(db: Place) -> None:
    result = db.run(
        change("CREATE TABLE {t} (id INTEGER PRIMARY KEY, name VARCHAR(20) NOT NULL DEFAULT 'x')"),
        on("GetTableColumnsNode", table_name="{t}"),
        on("TableExistsNode", table_name="{t}"),
        on("TableExistsNode", table_name="{t}_not"),
        on("TableExistsNode", table_name="'; DROP TABLE {t}; --"),
    )
    assert result.success, result.error
    about = result.outputs["s2"]
    assert about["column_names"] == ["id", "name"]
    assert [c["primary_key"] for c in about["columns"]] == [True, False]
    assert [c["nullable"] for c in about["columns"]][1] is False
    assert about["columns"][1]["type"].startswith("VARCHAR(20)")
    assert "'x'" in about["columns"][1]["default"]
    assert [result.outputs[f"s{n}"]["exists"] for n in (3, 4, 5)] == [True, False, False]
    code, message = refusal(db.run(on("GetTableColumnsNode", table_name="{t}_not")))
    assert (code, "there is no table" in message) == ("RESOURCE_NOT_FOUND", True)


def test_the_super_node_does_it_all(db: Place) -> None:
    def step(action: str, **config: Any) -> dict[str, Any]:
        return node("DatabaseSuperNode", action=action, connection="{{s.connection}}", **config)

    t = db.table
    nodes = {
        "s": node("DatabaseSuperNode", action="Connect", **db.connect),
        "make": step("Execute (INSERT/UPDATE/DELETE)", query=f"CREATE TABLE {t} (id INTEGER)"),
        "begin": step("Begin Transaction"),
        "many": step("execute_batch", statements=json.dumps([f"INSERT INTO {t} VALUES (1), (2)"])),
        "back": step("Rollback"),
        "begin2": step("begin transaction"),
        "one": step("Execute", query=f"INSERT INTO {t} VALUES ({db.mark})", parameters="[5]"),
        "commit": step("Commit"),
        "ask": step("query", query=f"SELECT id FROM {t}"),
        "close": step("Close Connection"),
    }
    result = run_document(document(nodes, chain(*nodes)), folder=db.folder)
    assert rows(result, "ask") == [{"id": 5}]
    assert result.outputs["many"]["rows_affected"] == 2
    assert result.outputs["one"]["rows_affected"] == 1


def test_what_fails_leaves_the_super_node_by_its_own_port(sqlite: Place, tmp_path: Path) -> None:
    fails = node("DatabaseSuperNode", query="SELEC", connection=HERE)
    nodes = {
        "connect": node("DatabaseConnectNode"),
        "s": fails,
        "bad": node("SetVariableNode", variable_name="why", value="{{s.error}}"),
        "good": node("SetVariableNode", variable_name="why", value="fine"),
    }
    ways = chain("connect", "s", "good"), chain("s.exec_error", "bad")
    result = run_document(document(nodes, *ways), folder=tmp_path)
    assert result.success, result.error
    assert "syntax error" in result.variables["why"]
    assert result.outputs["s"]["success"] is False
    assert refusal(sqlite.run(fails))[0] == "INVALID_INPUT"
    code, message = refusal(sqlite.run(node("DatabaseSuperNode", action="Vacuum")))
    assert (code, "Execute Batch" in message) == ("INVALID_INPUT", True)
