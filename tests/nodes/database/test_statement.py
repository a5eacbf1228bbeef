"""Where values go in a statement: beside it, never into it."""

from __future__ import annotations

from typing import Any

import pytest

from casare_rpa.nodes.base import Fragments, NodeError
from casare_rpa.nodes.database._marks import MYSQL, MYSQL_PLAIN, POSTGRESQL, SQLITE, Style
from casare_rpa.nodes.database._statement import Parameters, prepare

STYLES = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mysql": MYSQL, "plain": MYSQL_PLAIN}


def sql(text: str, *values: Any) -> Fragments:
    """`~` stands for a placeholder."""
    return Fragments(tuple(text.split("~")), values)


@pytest.mark.parametrize(
    ("style", "text", "values", "parameters", "wanted", "bound"),
    [
        (SQLITE, "a = ~", [5], (), "a = ?", (5,)),
        (SQLITE, "a = '~'", ["x' OR '1'='1"], (), "a = ?", ("x' OR '1'='1",)),
        (SQLITE, "a LIKE '%~%'", ["o"], (), "a LIKE ?", ("%o%",)),
        (SQLITE, "a = 'it''s ~'", [5], (), "a = ?", ("it's 5",)),
        (SQLITE, "a = '~'", [None], (), "a = ?", ("",)),
        (SQLITE, "a = ~", [None], (), "a = ?", (None,)),
        (SQLITE, "'?' /* ? ~ */ -- ?\n ?", [1], (7,), "'?' /* ?  */ -- ?\n ?", (7,)),
        (SQLITE, "~, ?, ~", [1, 3], (2,), "?, ?, ?", (1, 2, 3)),
        (SQLITE, "?2, ?1", [], (1, 2), "?, ?", (2, 1)),
        (SQLITE, ":a, ':a', b::c, :a", [], {"a": 1}, "?, ':a', b::c, ?", (1, 1)),
        (SQLITE, "x IN (~)", [[1, "b"]], (), "x IN (?, ?)", (1, "b")),
        (SQLITE, "x = ~", [[1, {"b": None}]], (), "x = ?", ('[1, {"b": null}]',)),
        (
            SQLITE,
            "SELECT a FROM ~ WHERE a = ~",
            ["t", "b"],
            (),
            "SELECT a FROM t WHERE a = ?",
            ("b",),
        ),
        (
            SQLITE,
            "INSERT INTO ~ VALUES (~)",
            ["s.t", "v"],
            (),
            "INSERT INTO s.t VALUES (?)",
            ("v",),
        ),
        (SQLITE, "UPDATE ~ SET a = ~", ["t", 1], (), "UPDATE t SET a = ?", (1,)),
        (SQLITE, "DROP TABLE IF EXISTS ~", ["t"], (), "DROP TABLE IF EXISTS t", ()),
        (SQLITE, "a IN (SELECT b FROM ~)", ["t"], (), "a IN (SELECT b FROM t)", ()),
        (POSTGRESQL, "a IS DISTINCT FROM ~", ["t"], (), "a IS DISTINCT FROM %s", ("t",)),
        (POSTGRESQL, "TRIM(BOTH 'x' FROM ~)", ["t"], (), "TRIM(BOTH 'x' FROM %s)", ("t",)),
        (POSTGRESQL, "$2::int % $1", [], (1, 2), "%s::int %% %s", (2, 1)),
        (POSTGRESQL, "a = ANY(~)", [[1, 2]], (), "a = ANY(%s)", ([1, 2],)),
        (POSTGRESQL, "j ? 'k' AND a = ~", [1], (), "j ? 'k' AND a = %s", (1,)),
        (POSTGRESQL, "$x$ $1 ' $x$, $1", [], (1,), "$x$ $1 ' $x$, %s", (1,)),
        (POSTGRESQL, r"'\', ~", [1], (), r"'\', %s", (1,)),
        (MYSQL, 'a = "~" -- %s', ["v"], (), "a = %s -- %%s", ("v",)),
        (MYSQL, r"'\'', ~, 5--3", [1], (), r"'\'', %s, 5--3", (1,)),
        (MYSQL, "a LIKE '5%' AND b = %s # ?", [], (1,), "a LIKE '5%%' AND b = %s # ?", (1,)),
        (MYSQL, "a = --\n~ --~", [1, 2], (), "a = --\n%s --", (1,)),
        (MYSQL, "/*! ~ */ ?", ["x"], (1,), "/*!  */ %s", (1,)),
        (MYSQL_PLAIN, r"'\', ~, ''", [1], (), r"'\', %s, ''", (1,)),
        (MYSQL_PLAIN, r"'a\' , ' ~ ' , 'b\'", ["v"], (), r"'a\' , %s , 'b\'", (" v ",)),
    ],
)
def test_a_value_is_bound_where_it_stands(
    style: Style, text: str, values: list[Any], parameters: Parameters, wanted: str, bound: Any
) -> None:
    found = prepare(style, sql(text, *values), parameters)
    assert (found.sql, found.values) == (wanted, bound)


@pytest.mark.parametrize("name", ["t; DROP TABLE t", "t--", "a b", "", '"t"', "1t", "t.", "t(1)"])
def test_what_is_no_plain_name_names_no_table(name: str) -> None:
    with pytest.raises(NodeError, match="no plain name of a table"):
        prepare(SQLITE, sql("SELECT a FROM ~", name))


def test_without_values_the_text_is_as_it_was_written() -> None:
    for style in STYLES.values():
        found = prepare(style, "SELECT '50%' -- don't ?")
        assert (found.sql, found.values) == ("SELECT '50%' -- don't ?", None)


@pytest.mark.parametrize(
    ("style", "text", "values", "parameters", "words"),
    [
        (SQLITE, 'SELECT "~"', ["a"], (), "cannot be bound"),
        (SQLITE, "SELECT [~]", ["a"], (), "cannot be bound"),
        (MYSQL, "SELECT `~`", ["a"], (), "cannot be bound"),
        (MYSQL, r"SELECT '\'~'", ["a"], (), "cannot be bound"),
        (POSTGRESQL, "SELECT E'~'", ["a"], (), "cannot be bound"),
        (POSTGRESQL, "DO $$ ~ $$", ["a"], (), "cannot be bound"),
        (MYSQL, "SELECT 'x ~", ["a"], (), "nothing closes"),
        (SQLITE, "a IN (~)", [[]], (), "is empty"),
        (SQLITE, "SELECT ?", [], (1, 2), "1 marks for parameters, and there are 2"),
        (SQLITE, "SELECT ?, ?", [], (1,), "2 marks for parameters, and there are 1"),
        (SQLITE, "SELECT 1", [], (1,), "0 marks"),
        (POSTGRESQL, "SELECT $3", [], (1,), "a mark for parameter 3"),
        (SQLITE, "SELECT :b", [], {"a": 1}, "'b'"),
        (SQLITE, "SELECT '\0'", [], (), "NUL"),
        (SQLITE, "  ", [], (), "query is missing"),
    ],
)
def test_what_cannot_be_bound_is_refused(
    style: Style, text: str, values: list[Any], parameters: Parameters, words: str
) -> None:
    with pytest.raises(NodeError, match=words):
        prepare(style, sql(text, *values), parameters)
