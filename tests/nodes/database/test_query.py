"""Questions and changes, on each database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from casare_rpa.domain.events import EventBus, NodeCompleted, VariableSet
from casare_rpa.engine.envelopes import envelope
from casare_rpa.nodes.database import query as query_nodes
from tests.nodes.database.places import HERE, KINDS, Place, change, on, query, refusal, rows
from tests.support.runs import chain, document, node, run_document

EVIL = [
    *("x' OR '1'='1", "'; DROP TABLE {t}; --", '" OR ""="', "\\' OR 1=1 -- ", "x\\", "%", "{{id}}"),
    *("'''", "\\'", "/*", "*/ OR 1=1 /*", "$$", "$1", "?", ":id", "%s", "%(id)s", "¿'\u02bc", "--"),
]


def test_rows_are_objects_with_types(db: Place) -> None:
    result = db.run(
        change(
            "CREATE TABLE {t} (id INTEGER PRIMARY KEY, name VARCHAR(50), score DOUBLE PRECISION)"
        ),
        change("INSERT INTO {t} VALUES ({{n}}, '{{who}}', {{score}})"),
        change("INSERT INTO {t} (id, name) VALUES ({{n}} + 1, {{who}})"),
        query("SELECT id, name, score FROM {t} WHERE id >= {{n}} ORDER BY id"),
        variables={"n": 7, "who": "O'Brien", "score": 1.5},
    )
    assert rows(result, "s4") == [
        {"id": 7, "name": "O'Brien", "score": 1.5},
        {"id": 8, "name": "O'Brien", "score": None},
    ]
    outputs = result.outputs["s4"]
    assert (outputs["row_count"], outputs["columns"]) == (2, ["id", "name", "score"])
    assert (outputs["success"], outputs["error"]) == (True, "")
    assert result.outputs["s2"]["rows_affected"] == 1


def test_no_value_becomes_sql(db: Place) -> None:
    """Every way to give a value takes it as it is, and the table is still there."""
    for evil in (text.replace("{t}", db.table) for text in EVIL):
        result = db.run(
            change("DROP TABLE IF EXISTS {t}"),
            change("CREATE TABLE {t} (id INTEGER, a VARCHAR(80), b VARCHAR(80), c VARCHAR(80))"),
            change(
                "INSERT INTO {t} VALUES (1, '{{evil}}', {{evil}}, " + db.mark + ")",
                parameters=["{{evil}}"],
            ),
            query("SELECT a, b, c FROM {t} WHERE a = '{{evil}}' AND b = {{evil}}"),
            query("SELECT id FROM {t} WHERE a = '{{evil}}x' OR a IN ({{others}})"),
            query("SELECT '<{{evil}}>' AS quoted FROM {t} WHERE 'a%' = 'a%'"),
            variables={"evil": evil, "id": "other", "others": ["x", "y"]},
        )
        assert rows(result, "s4") == [{"a": evil, "b": evil, "c": evil}]
        assert rows(result, "s5") == []
        assert rows(result, "s6") == [{"quoted": f"<{evil}>"}]


def test_marks_take_parameters_in_each_style(db: Place) -> None:
    sql = f"SELECT CAST({db.mark} AS CHAR(3)) AS v"
    assert [r["v"].strip() for r in rows(db.run(query(sql, parameters=["abc"])), "s1")] == ["abc"]
    named = query("SELECT CAST(:v AS CHAR(3)) AS v", parameters={"v": "abc"})
    assert rows(db.run(named), "s1")[0]["v"].strip() == "abc"
    code, message = refusal(db.run(query(sql, parameters=["abc", "d"])))
    assert (code, "there are 2" in message) == ("INVALID_INPUT", True)


def test_an_unknown_placeholder_fails_before_anything_is_sent(db: Place) -> None:
    code, message = refusal(db.run(query("SELECT '{{nobody}}'")))
    assert (code, "{{nobody}} names no variable" in message) == ("INVALID_INPUT", True)


def test_a_percent_sign_is_no_placeholder_in_sql(db: Place) -> None:
    result = db.run(query("SELECT 1 AS v WHERE 'a b c' LIKE '%b%'"), variables={"b": "zzz"})
    assert rows(result, "s1") == [{"v": 1}]


def test_a_whole_statement_may_come_from_a_variable_or_a_port(db: Place) -> None:
    raw = document(
        {
            "connect": node("DatabaseConnectNode", **db.connect),
            "whole": query("{{sql}}"),
            "make": node("ConcatenateNode", string_1="SELECT '{{{{sql", string_2="}}}}' AS v"),
            "wired": on("ExecuteQueryNode"),
        },
        chain("connect", "whole", "make", "wired"),
        [
            {
                "source_node": "make",
                "source_port": "result",
                "target_node": "wired",
                "target_port": "query",
            }
        ],
    )
    result = run_document(raw, {"sql": "SELECT '{{x}}' AS v"}, folder=db.folder)
    assert rows(result, "whole") == [{"v": "{{x}}"}]
    assert rows(result, "wired")[0]["v"].startswith("{{{{sql")


def test_values_have_a_defined_form(db: Place) -> None:
    moment = {
        "sqlite": "'2026-03-01 12:00:00'",
        "postgresql": "TIMESTAMPTZ '2026-03-01 12:00:00+02'",
        "mysql": "TIMESTAMP '2026-03-01 12:00:00'",
    }[db.kind]
    blob = {"sqlite": "x'00ff'", "postgresql": "'\\x00ff'::bytea", "mysql": "x'00ff'"}[db.kind]
    wanted = {
        "sqlite": "2026-03-01 12:00:00",
        "postgresql": "2026-03-01T10:00:00+00:00",
        "mysql": "2026-03-01T12:00:00",
    }
    result = db.run(
        query(f"SELECT {moment} AS t, {blob} AS b, 9007199254740993 AS i, NULL AS n, 1 AS i, 'ü' u")
    )
    row = rows(result, "s1")[0]
    assert row["t"] == wanted[db.kind]
    assert (row["i"], row["i_2"], row["n"], row["u"]) == (9007199254740993, 1, None, "ü")
    assert row["b"] == "b'\\x00\\xff'"
    json.dumps(result.to_dict(), allow_nan=False)


@pytest.mark.parametrize("db", KINDS[1:], indirect=True)
def test_decimals_lose_no_digit(db: Place) -> None:
    wanted = {
        "19.90": 19.9,
        "12345678901234567890": "12345678901234567890",
        "0.1234567890123456789": "0.1234567890123456789",
        "5": 5,
    }
    casts = [
        f"CAST({text} AS DECIMAL(30, {len(text.partition('.')[2])})) AS d{number}"
        for number, text in enumerate(wanted)
    ]
    row = rows(db.run(query(f"SELECT {', '.join(casts)}")), "s1")[0]
    # A result says integers beyond 64 bits as text.
    assert list(row.values()) == list(wanted.values())
    assert [type(value) for value in row.values()] == [float, str, str, int]


@pytest.mark.parametrize("db", KINDS[1:2], indirect=True)
def test_postgresql_gives_json_arrays_and_uuids(db: Place) -> None:
    result = db.run(
        query(
            "SELECT '{\"a\": [1]}'::jsonb AS j, ARRAY[1,2] AS a, "
            "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid AS u, 'NaN'::numeric AS n"
        ),
        change("CREATE TABLE {t} (j jsonb, a int[])"),
        change("INSERT INTO {t} VALUES ({{j}}, {{a}})"),
        query("SELECT * FROM {t} WHERE 2 = ANY(a) AND j ? 'k' AND 1 = ANY({{a}})"),
        variables={"j": {"k": "v"}, "a": [1, 2]},
    )
    assert rows(result, "s1") == [
        {"j": {"a": [1]}, "a": [1, 2], "u": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "n": "NaN"}
    ]
    assert rows(result, "s4") == [{"j": {"k": "v"}, "a": [1, 2]}]


def test_a_change_says_how_much_and_which_key(db: Place) -> None:
    key = {
        "sqlite": "INTEGER PRIMARY KEY",
        "postgresql": "SERIAL PRIMARY KEY",
        "mysql": "INTEGER PRIMARY KEY AUTO_INCREMENT",
    }[db.kind]
    result = db.run(
        change(f"CREATE TABLE {{t}} (id {key}, v INTEGER)"),
        change("INSERT INTO {t} (v) VALUES (5)"),
        change("INSERT INTO {t} (v) VALUES (5), (6)"),
        change("UPDATE {t} SET v = 5 WHERE v = 5"),
        change("DELETE FROM {t} WHERE v = 99"),
    )
    assert result.success, result.error
    affected = [result.outputs[f"s{n}"]["rows_affected"] for n in range(1, 6)]
    assert affected == [0, 1, 2, 2, 0]
    wanted = None if db.kind == "postgresql" else 1
    assert result.outputs["s2"].get("last_insert_id") == wanted
    assert result.outputs["s4"].get("last_insert_id") is None or db.kind == "sqlite"


def test_columns_are_told_of_a_query_without_rows(db: Place) -> None:
    result = db.run(query("SELECT 1 AS a, 2 AS b WHERE 1 = 0"))
    assert rows(result, "s1") == []
    assert result.outputs["s1"]["columns"] == ["a", "b"]


def test_a_change_may_answer_as_a_query(db: Place) -> None:
    result = db.run(
        change("CREATE TABLE {t} (id INTEGER)"),
        query("INSERT INTO {t} VALUES (1), (2) RETURNING id"),
        change("INSERT INTO {t} VALUES (3) RETURNING id"),
        query("INSERT INTO {t} VALUES (4)"),
        query("SELECT COUNT(*) AS n FROM {t}"),
    )
    assert rows(result, "s2") == [{"id": 1}, {"id": 2}]
    assert rows(result, "s4") == []
    assert rows(result, "s5") == [{"n": 4}]


def test_too_many_rows_fail_and_the_connection_goes_on(
    db: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_nodes, "MAX_ROWS", 1000)
    many = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
        "SELECT a.i FROM n a, n b"
    )
    few = many.replace("SELECT a.i FROM n a, n b", "SELECT a.i FROM n a")
    too_many = query(many, continue_on_error=True)
    result = db.run(too_many, query(few))
    assert len(rows(result, "s2")) == 900
    assert any("more than 1000 rows" in line["message"] for line in result.logs)
    assert refusal(db.run(query(many)))[0] == "RESOURCE_EXHAUSTED"


def test_the_bytes_of_a_result_are_limited_too(
    sqlite: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(query_nodes, "MAX_RESULT_BYTES", 1 << 20)
    assert refusal(sqlite.run(query("SELECT zeroblob(2000000) AS b")))[0] == "RESOURCE_EXHAUSTED"


FAULTS = [
    ("SELECT * FROM no_such_table_1", "RESOURCE_NOT_FOUND", "no_such_table_1"),
    ("SELEC 1", "INVALID_INPUT", "check the SQL"),
    ("SELECT nowhere FROM {t}", "INVALID_INPUT", "nowhere"),
    ("SELECT connection_refused_ssl FROM {t}", "INVALID_INPUT", "connection_refused_ssl"),
    ("INSERT INTO {t} VALUES (1)", "DUPLICATE_VALUE", "node s4"),
    ("INSERT INTO {t} VALUES (NULL)", "VALIDATION_FAILED", "node s4"),
    ("SELECT * {{x}} FROM {t}", "INVALID_INPUT", "stand for a value only"),
    ("SELECT 1; DROP TABLE {t}; SELECT {{x}}", "INVALID_INPUT", "node s4"),
]


def test_an_error_is_one_line_with_node_cause_and_mend(db: Place) -> None:
    for sql, code, words in FAULTS:
        step = change(sql) if sql.startswith("INSERT") else query(sql)
        result = db.run(
            change("DROP TABLE IF EXISTS {t}"),
            change("CREATE TABLE {t} (id INTEGER NOT NULL UNIQUE)"),
            change("INSERT INTO {t} VALUES (1)"),
            step,
            variables={"x": "some-value"},
        )
        got, message = refusal(result)
        assert (got, words in message) == (code, True), message
        assert message.startswith(f"node s4 ({step['node_type']}): {db.kind}:")
        assert result.error is not None
        assert result.error.business is (code in ("DUPLICATE_VALUE", "VALIDATION_FAILED"))


@pytest.mark.parametrize("given", ["connect", "{{nobody}}", 7, "", None])
def test_what_is_no_connection_is_refused(sqlite: Place, given: Any) -> None:
    result = sqlite.run(node("ExecuteQueryNode", connection=given, query="SELECT 1"))
    code, message = refusal(result)
    assert code in ("TYPE_MISMATCH", "MISSING_REQUIRED_FIELD")
    assert "connection" in message


def test_a_connection_goes_by_port_and_by_variable_and_is_seen_as_text(db: Place) -> None:
    bus = EventBus()
    seen: list[Any] = []
    bus.subscribe_all(seen.append)
    raw = document(
        {
            "connect": node("DatabaseConnectNode", **db.connect),
            "keep": node("SetVariableNode", variable_name="db", value=HERE),
            "by_name": node("ExecuteQueryNode", connection="db", query="SELECT 1 AS v"),
            "by_value": node("ExecuteQueryNode", connection="{{db}}", query="SELECT 2 AS v"),
            "by_port": node("ExecuteQueryNode", query="SELECT 3 AS v"),
        },
        chain("connect", "keep", "by_name", "by_value", "by_port"),
        [
            {
                "source_node": "connect",
                "source_port": "connection",
                "target_node": "by_port",
                "target_port": "connection",
            }
        ],
    )
    result = run_document(raw, folder=db.folder, bus=bus)
    assert [rows(result, s)[0]["v"] for s in ("by_name", "by_value", "by_port")] == [1, 2, 3]
    shown = result.outputs["connect"]["connection"]
    assert shown.startswith({"sqlite": "sqlite:"}.get(db.kind, f"{db.kind}://"))
    assert result.variables["db"] == shown
    told = [e.to_dict() for e in seen if isinstance(e, NodeCompleted | VariableSet)]
    assert shown in json.dumps(told)
    sent = json.dumps([envelope(e) for e in seen], default=repr)
    assert shown in sent
    assert "DatabaseConnection" not in sent
