"""Transform, validate, reroute and wait."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import chain, document, node, run_document, run_node

TRANSFORM = "TransformNode"
VALIDATE = "ValidateNode"


def transform(name: str, value: object, param: object, result: object) -> Does:
    config = {"transform_type": name, "value": value, "param": param}
    return Does(TRANSFORM, config, {"result": result, "success": True})


def valid(rule: str, value: object, param: object = None) -> Does:
    config = {"validation_type": rule, "value": value, "validation_param": param}
    return Does(VALIDATE, config, {"is_valid": True, "error_message": ""})


def invalid(rule: str, value: object, param: object = None) -> Does:
    config = {"validation_type": rule, "value": value, "validation_param": param}
    return Does(VALIDATE, config, {"is_valid": False, "error_message": "Validation failed"})


DOES = [
    transform("to_string", 5, None, "5"),
    transform("to_integer", "7", None, 7),
    transform("to_integer", 2.9, None, 2),
    transform("to_float", "7", None, 7.0),
    transform("to_boolean", "Yes", None, True),
    transform("to_boolean", "no", None, False),
    transform("to_boolean", 3, None, True),
    transform("to_list", "a, b", None, ["a", "b"]),
    transform("to_list", "[1]", None, [1]),
    transform("to_list", 5, None, [5]),
    transform("to_list", {"a": 1}, None, [1]),
    transform("to_json", {"a": "é"}, None, '{"a": "é"}'),
    transform("from_json", "[1]", None, [1]),
    transform("uppercase", "a", None, "A"),
    transform("lowercase", "A", None, "a"),
    transform("trim", " a ", None, "a"),
    transform("split", "a,b", None, ["a", "b"]),
    transform("split", "a-b", "-", ["a", "b"]),
    transform("join", ["a", 1], None, "a,1"),
    transform("join", ["a", 1], "", "a1"),
    transform("replace", "a-b", {"old": "-", "new": "+"}, "a+b"),
    transform("replace", "a-b", '{"old": "-"}', "ab"),
    transform("regex_extract", "id=42;", r"id=(\d+)", "42"),
    transform("regex_extract", "id=42;", r"\d+", "42"),
    transform("regex_extract", "none", r"\d+", None),
    transform("get_key", {"a": {"b": 1}}, "a.b", 1),
    transform("get_key", {"a": 1}, "z", None),
    transform("get_index", [1, 2], "1", 2),
    transform("get_index", [1, 2], 5, None),
    transform("map_values", [{"n": 1}, {}], "n", [1, None]),
    transform("filter_values", [1, None, "", 0], None, [1, 0]),
    Does(
        TRANSFORM,
        {"transform_type": "split", "value": "a b", "transform_param": " "},
        {"result": ["a", "b"]},
    ),
    valid("not_empty", "x"),
    invalid("not_empty", "  "),
    invalid("not_empty", None),
    invalid("not_empty", []),
    valid("not_empty", 0),
    valid("is_string", "x"),
    invalid("is_string", 1),
    valid("is_number", "1.5"),
    invalid("is_number", True),
    valid("is_integer", 5),
    invalid("is_integer", 1.5),
    valid("is_boolean", False),
    invalid("is_boolean", 0),
    valid("is_list", [1]),
    invalid("is_list", {"a": 1}),
    valid("is_dict", {"a": 1}),
    valid("matches_regex", "ab12", r"[a-z]+\d+"),
    invalid("matches_regex", "12ab", r"[a-z]+"),
    valid("min_length", "abc", 3),
    invalid("max_length", [1, 2], "1"),
    valid("min_value", "5", 5),
    invalid("max_value", 6, 5),
    invalid("min_value", "many", 5),
    valid("in_list", "b", "a, b"),
    invalid("in_list", 3, [1, 2]),
    valid("is_email", "ada.l@example.org"),
    invalid("is_email", "ada@localhost"),
    valid("is_url", "https://example.org/x"),
    invalid("is_url", "example.org"),
    valid("custom", 6, "value % 2 == 0"),
    invalid("custom", 6, None),
    Does(
        VALIDATE,
        {"validation_type": "custom", "value": "a", "validation_param": "value == {{want}}"},
        {"is_valid": True},
        {"want": "a"},
    ),
    Does("RerouteNode", {"in": [1]}, {"out": [1]}),
    Does("RerouteNode", {}, {"out": None}),
]
REFUSES = [
    Refuses(TRANSFORM, {"transform_type": "uppercase"}, "value", "MISSING_REQUIRED_FIELD"),
    Refuses(TRANSFORM, {"value": "x", "transform_type": "to_integer"}, "value must be a number"),
    Refuses(TRANSFORM, {"value": "x", "transform_type": "to_float"}, "value must be a number"),
    Refuses(TRANSFORM, {"value": "{", "transform_type": "from_json"}, "value", "PARSE_ERROR"),
    Refuses(TRANSFORM, {"value": "x", "transform_type": "replace"}, "param is missing"),
    Refuses(TRANSFORM, {"value": "x", "transform_type": "melt"}, "'melt'", "INVALID_INPUT"),
    Refuses(VALIDATE, {"value": 1, "validation_type": "is_odd"}, "'is_odd'", "INVALID_INPUT"),
    Refuses(
        VALIDATE,
        {"value": 1, "validation_type": "min_value", "validation_param": "low"},
        "validation_param must be a number",
    ),
    Refuses("WaitNode", {"duration": -1}, "duration must be 0 or more", "VALUE_OUT_OF_RANGE"),
    Refuses("WaitNode", {"duration": "soon"}, "duration must be a number"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


def test_a_transformed_value_is_stored_in_a_variable() -> None:
    config = {"value": "a", "transform_type": "uppercase"}
    assert run_node(TRANSFORM, config).variables["transformed"] == "A"
    assert run_node(TRANSFORM, {**config, "variable_name": "big"}).variables["big"] == "A"


@pytest.mark.parametrize(("value", "said"), [("x", "yes"), ("", "no")])
def test_a_value_leaves_by_the_port_of_its_outcome(value: str, said: str) -> None:
    result = run_document(
        document(
            {
                "check": node(VALIDATE, value=value),
                "yes": node("LogNode", message="yes"),
                "no": node("LogNode", message="no"),
            },
            chain("check.valid", "yes"),
            chain("check.invalid", "no"),
        )
    )
    assert result.success
    assert [entry["message"] for entry in result.logs] == [said]


@pytest.mark.parametrize(
    "config",
    [
        {"duration": 0.05},
        {"seconds": "0.05"},
        {"duration_ms": 50},
        {"timeout": "50"},
        {"duration": 0.05, "duration_ms": 60_000},
        {"wait_type": "fixed", "seconds": 0.05},
    ],
)
@pytest.mark.parametrize("name", ["WaitNode", "BrowserWaitNode"])
def test_a_wait_takes_the_time_asked_for(name: str, config: dict[str, Any]) -> None:
    began = time.monotonic()
    assert run_node(name, config).success
    assert 0.05 <= time.monotonic() - began < 50


def test_a_wait_is_not_cut_short_by_the_limit_of_a_node() -> None:
    assert run_node("WaitNode", {"duration": 0.1}, node_timeout_seconds=0.01).success
