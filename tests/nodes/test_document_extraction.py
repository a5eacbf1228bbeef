"""Checking extracted data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.nodes.cases import Does, Refuses, named

NODE = "ValidateExtractionNode"
SURE = {"total": {"value": 9.5, "confidence": 0.9}, "date": {"value": "x", "confidence": 0.5}}


def checked(extraction: Any, required: list[str], rules: Any = None, **outputs: Any) -> Does:
    config = {"extraction": extraction, "required_fields": required, "validation_rules": rules}
    return Does(NODE, config, {"success": True, "error": "", **outputs})


def rule(value: Any, rules: Mapping[str, Any] | str, valid: bool) -> Does:
    status = {"f": "valid" if valid else "invalid"}
    return checked({"f": value}, [], {"f": rules}, is_valid=valid, field_status=status)


@pytest.mark.parametrize(
    "row",
    [
        checked({"a": 1}, ["a"], is_valid=True, needs_review=False, confidence_score=1.0),
        checked(
            {"a": " ", "b": 0},
            ["a", "b", "c"],
            is_valid=False,
            needs_review=True,
            confidence_score=0.3333,
            validation_errors=["a is missing", "c is missing"],
            field_status={"a": "missing", "b": "valid", "c": "missing"},
        ),
        checked(
            SURE,
            ["total", "date"],
            is_valid=True,
            needs_review=True,
            confidence_score=0.7,
            field_status={"total": "valid", "date": "low_confidence"},
        ),
        checked({"a": 1, "confidence": 0.95}, ["a"], confidence_score=0.95, needs_review=False),
        checked({"a": 1, "confidence": 0.5}, ["a"], confidence_score=0.5, needs_review=True),
        checked({"fields": {"vendor": {"name": "x"}}}, ["vendor.name"], is_valid=True),
        checked({"extracted_fields": SURE}, ["total"], field_status={"total": "valid"}),
        checked('{"a": 1}', ["a"], is_valid=True),
        checked({}, [], {"mail": "email"}, is_valid=True, field_status={}),
        checked({}, [], {"mail": {"required": True}}, validation_errors=["mail is missing"]),
        rule(3, "number", True),
        rule("three", {"type": "number"}, False),
        rule("7", {"min": 5, "max": 9}, True),
        rule("7", {"min": 8}, False),
        rule("INV-7", {"pattern": r"INV-\d+$"}, True),
        rule("INV", {"regex": r"INV-\d+$"}, False),
        rule("EUR", {"choices": ["EUR", "USD"]}, True),
        rule("DM", {"enum": ["EUR", "USD"]}, False),
        rule("ada@example.org", "is_email", True),
        rule("nobody", {"email": True}, False),
        rule("nobody", {"email": False}, True),
        rule("2026-02-28", "date", True),
        rule("2026-02-30", "date", False),
        rule("abc", {"min_length": 4}, False),
        rule(5, {"custom": "value % 5 == 0"}, True),
        checked(
            {"total": -1},
            ["total"],
            {"total": {"min": 0}},
            validation_errors=["total: -1 does not keep the rule min_value 0"],
        ),
    ],
    ids=named,
)
def test_extracted_data_is_checked(row: Does) -> None:
    row.check()


@pytest.mark.parametrize(
    "row",
    [
        Refuses(NODE, {"extraction": "words", "required_fields": ["a"]}, "extraction"),
        Refuses(NODE, {"extraction": {"a": 1}}, "required_fields"),
        Refuses(
            NODE,
            {"extraction": {"a": 1}, "required_fields": [], "validation_rules": {"a": "shiny"}},
            "there is no rule 'shiny'; there are not_empty",
            "INVALID_INPUT",
        ),
        Refuses(
            NODE,
            {"extraction": {"a": 1}, "required_fields": [], "validation_rules": {"a": 7}},
            "a must have a rule or a map of rules, not 7",
        ),
    ],
    ids=named,
)
def test_a_check_that_cannot_be_made_says_why(row: Refuses) -> None:
    row.check()
