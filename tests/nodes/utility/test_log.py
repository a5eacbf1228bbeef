"""The lines that LogNode writes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.runs import chain, document, node, run_document, run_node


@pytest.mark.parametrize(
    ("message", "variables", "line"),
    [
        ("plain", {}, "plain"),
        ("{{n}} of {total}", {"n": 1, "total": 2}, "1 of 2"),
        ("{user.name} {rows[0]}", {"user": {"name": "Ada"}, "rows": ["x"]}, "Ada x"),
        ("{nobody} {{nobody}}", {}, "{nobody} {{nobody}}"),
        ('{"a": 1} {} { b', {}, '{"a": 1} {} { b'),
        ("", {}, ""),
        ("{{d}}", {"d": {"k": 1}}, "{'k': 1}"),
    ],
)
def test_the_line_is_the_message_and_nothing_else(
    message: str, variables: dict[str, Any], line: str
) -> None:
    result = run_node("LogNode", {"message": message}, variables)
    assert result.success
    assert [entry["message"] for entry in result.logs if entry["level"] == "CRITICAL"] == [line]


def test_data_is_put_after_the_message() -> None:
    result = run_node("LogNode", {"message": "Row", "data": {"id": 1}, "level": "info"})
    assert [(e["message"], e["level"]) for e in result.logs] == [("Row | Data: {'id': 1}", "INFO")]


@pytest.mark.parametrize(
    ("given", "level"),
    [("debug", "DEBUG"), ("Error", "ERROR"), ("warn", "WARNING"), ("loud", "INFO")],
)
def test_the_level_is_read_with_some_leniency(given: str, level: str) -> None:
    result = run_node("LogNode", {"message": "m", "level": given})
    assert [entry["level"] for entry in result.logs if entry["message"] == "m"] == [level]


def test_a_message_can_name_the_output_of_a_node() -> None:
    result = run_document(
        document(
            {
                "len": node("ListLengthNode", list=[1, 2]),
                "say": node("LogNode", message="{{len.length}} items"),
            },
            chain("len", "say"),
        )
    )
    assert [entry["message"] for entry in result.logs] == ["2 items"]
