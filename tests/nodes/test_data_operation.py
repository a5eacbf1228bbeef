"""Compare two tables."""

from __future__ import annotations

import pytest

from tests.nodes.cases import Does, Refuses, named

A = [{"id": 1, "n": "a"}, {"id": 2, "n": "b"}, {"id": 4, "n": "D"}]
B = [{"id": 1, "n": "x"}, {"id": 3, "n": "c"}, {"id": 4, "n": "d"}]
NODE = "DataCompareNode"

DOES = [
    Does(
        NODE,
        {"data_a": A, "data_b": B, "key_columns": "id", "case_sensitive": False},
        {
            "only_in_a": [A[1]],
            "only_in_b": [B[1]],
            "matched": [A[2]],
            "has_differences": True,
            "diff_summary": {
                **{"total_a": 3, "total_b": 3, "only_in_a": 1, "only_in_b": 1},
                **{"matched": 1, "different": 1},
                "changed": [{"key": {"id": 1}, "columns": {"n": {"a": "a", "b": "x"}}}],
            },
        },
    ),
    Does(
        NODE,
        {"data_a": A, "data_b": B, "key_columns": ["id"], "compare_all_columns": False},
        {"matched": [A[0], A[2]], "has_differences": True},
    ),
    Does(
        NODE,
        {"data_a": A, "data_b": "{{rows}}"},
        {"matched": A, "only_in_a": [], "only_in_b": [], "has_differences": False},
        {"rows": A},
    ),
    Does(
        NODE,
        {"data_a": [A[0], A[0]], "data_b": [A[0]], "key_columns": "id"},
        {"matched": [A[0]], "only_in_a": [A[0]], "only_in_b": []},
    ),
    Does(
        NODE,
        {"data_a": '[{"k": [1]}]', "data_b": '[{"k": [1]}]'},
        {"has_differences": False},
    ),
]
REFUSES = [
    Refuses(NODE, {"data_a": A}, "data_b", "MISSING_REQUIRED_FIELD"),
    Refuses(NODE, {"data_a": A, "data_b": [1]}, "data_b[0] is no row", "TYPE_MISMATCH"),
    Refuses(NODE, {"data_a": "nope", "data_b": B}, "'nope'", "TYPE_MISMATCH"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()
