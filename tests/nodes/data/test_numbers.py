"""Comparison and arithmetic."""

from __future__ import annotations

import pytest

from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import chain, document, node, run_document, run_node

MATH = "MathOperationNode"
COMPARE = "ComparisonNode"


def math(operation: str, a: object, b: object, result: object) -> Does:
    return Does(MATH, {"operation": operation, "a": a, "b": b}, {"result": result})


def compare(a: object, operator: str, b: object, result: bool) -> Does:
    return Does(COMPARE, {"a": a, "operator": operator, "b": b}, {"result": result})


DOES = [
    math("add", 2, 3, 5),
    math("add", "2", "3", 5),
    math("add", 0.5, 1, 1.5),
    math("subtract", 45, 5, 40),
    math("multiply", 10, 2, 20),
    math("divide", 50, 2, 25),
    math("divide", 5, 2, 2.5),
    math("floor_divide", 7, 2, 3),
    math("power", 2, 10, 1024),
    math("power", 2, -1, 0.5),
    math("modulo", 7, 3, 1),
    math("min", 4, 9, 4),
    math("max", 4, 9, 9),
    math("abs", -4, 0, 4),
    math("sqrt", 9, 0, 3.0),
    math("floor", 2.7, 0, 2),
    math("ceil", 2.1, 0, 3),
    math("round", 2.6, 0, 3),
    math("sin", 0, 0, 0.0),
    math("cos", 0, 0, 1.0),
    math("tan", 0, 0, 0.0),
    math("log", 1, 0, 0.0),
    math("log", 8, 2, 3.0),
    math("log10", 100, 0, 2.0),
    math("exp", 0, 0, 1.0),
    math("add", "1e2", ".5", 100.5),
    math("negate", 4, 0, -4),
    math("Add", 1, "", 1),
    Does(MATH, {"operation": "divide", "a": 10, "b": 3, "round_digits": 2}, {"result": 3.33}),
    Does(MATH, {"a": "n", "b": "{{n}}", "operation": "add"}, {"result": 14}, {"n": 7}),
    compare(1, "==", 1.0, True),
    compare("1", "==", 1, False),
    compare("a", "!=", "b", True),
    compare(3, ">", 2, True),
    compare(3, "less than (<)", 2, False),
    compare(2, "greater or equal (>=)", 2, True),
    compare(2, "<=", 1, False),
    compare("x", "equals", "x", True),
]
REFUSES = [
    Refuses(MATH, {"operation": "divide", "a": 1, "b": 0}, "zero", "VALUE_OUT_OF_RANGE"),
    Refuses(MATH, {"operation": "floor_divide", "a": 1, "b": 0}, "zero"),
    Refuses(MATH, {"operation": "sqrt", "a": -1}, "sqrt"),
    Refuses(MATH, {"operation": "power", "a": 10, "b": 10_000_000}, "power", "VALUE_OUT_OF_RANGE"),
    Refuses(MATH, {"operation": "guess", "a": 1}, "'guess'", "INVALID_INPUT"),
    Refuses(COMPARE, {"a": "1", "b": 2, "operator": "<"}, "a < b", "TYPE_MISMATCH"),
    Refuses(COMPARE, {"a": 1, "b": 2, "operator": "~"}, "'~'", "INVALID_INPUT"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_computes(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


def test_a_result_goes_into_a_variable_as_well() -> None:
    result = run_node(MATH, {"a": "{{v}}", "b": 5, "output_var": "total"}, {"v": 10})
    assert result.variables["total"] == 15


def test_an_operand_that_is_no_number_counts_as_nothing_with_a_warning() -> None:
    result = run_node(MATH, {"a": "many", "b": 5})
    assert result.outputs["n"]["result"] == 5
    assert [line["level"] for line in result.logs] == ["WARNING"]


def test_whole_numbers_stay_whole_down_a_chain() -> None:
    result = run_document(
        document(
            {
                "times": node(MATH, a=10, b=2, operation="multiply"),
                "by": node(MATH, a=50, b=2, operation="divide"),
                "plus": node(MATH, a="{{times.result}}", b="{{by.result}}", operation="add"),
                "minus": node(MATH, a="{{plus.result}}", b=5, operation="subtract"),
                "say": node("LogNode", message="The final result is: {{minus.result}}"),
            },
            chain("times", "by", "plus", "minus", "say"),
        )
    )
    assert [line["message"] for line in result.logs] == ["The final result is: 40"]
