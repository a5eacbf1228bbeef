"""Lists: build, read, reorder, filter, map and fold."""

from __future__ import annotations

import pytest

from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import run_node

SUPER = "ListSuperNode"
ROWS = [{"n": 2, "t": "b"}, {"t": "x"}, {"n": 1, "t": "a"}]

DOES = [
    Does("CreateListNode", {"item_1": "a", "item_3": 0, "item_12": "z"}, {"list": ["a", 0, "z"]}),
    Does("ListLengthNode", {"list": [1, 2, 3]}, {"length": 3}),
    Does("ListLengthNode", {"list": "[1, 2]"}, {"length": 2}),
    Does("ListLengthNode", {"list": "['a', 'b']"}, {"length": 2}),
    Does("ListLengthNode", {"list": "a, b,c"}, {"length": 3}),
    Does("ListLengthNode", {"list": "numbers"}, {"length": 4}, {"numbers": [1, 2, 3, 4]}),
    Does("ListLengthNode", {"list": "{{numbers}}"}, {"length": 1}, {"numbers": [9]}),
    Does("ListLengthNode", {"items": "words"}, {"length": 2}, {"words": "a, b"}),
    Does("ListLengthNode", {"list": 5}, {"length": 1}),
    Does(
        "ListAppendNode", {"list": [1], "item": "{{x}}"}, {"result": [1, {"k": 1}]}, {"x": {"k": 1}}
    ),
    Does("ListAppendNode", {"item": 1}, {"result": [1]}),
    Does("ListAppendNode", {"list": 1, "item": 2}, {"result": [1, 2]}),
    Does("ListContainsNode", {"list": ["a", "b"], "item": "b"}, {"contains": True, "index": 1}),
    Does("ListContainsNode", {"list": ["a"], "item": "z"}, {"contains": False, "index": -1}),
    Does("ListContainsNode", {"list": [1, 2], "item": "2"}, {"contains": True, "index": 1}),
    Does("ListGetItemNode", {"list": "a,b,c", "index": "-1"}, {"item": "c"}),
    Does("ListSliceNode", {"list": [1, 2, 3, 4], "start": 1, "end": "3"}, {"result": [2, 3]}),
    Does("ListSliceNode", {"list": [1, 2, 3], "start": -2}, {"result": [2, 3]}),
    Does("ListReverseNode", {"list": [1, 2]}, {"result": [2, 1]}),
    Does("ListSortNode", {"list": [3, 1, 2], "reverse": "true"}, {"result": [3, 2, 1]}),
    Does(
        "ListSortNode",
        {"list": ROWS, "key_path": "n"},
        {"result": [ROWS[2], ROWS[0], ROWS[1]]},
    ),
    Does("ListUniqueNode", {"list": [1, "1", 1, [2], [2]]}, {"result": [1, "1", [2]]}),
    Does("ListFlattenNode", {"list": [1, [2, [3]]]}, {"result": [1, 2, [3]]}),
    Does("ListFlattenNode", {"list": [1, [2, [3]]], "depth": 2}, {"result": [1, 2, 3]}),
    Does("ListJoinNode", {"list": ["a", 1, None]}, {"result": "a, 1, "}),
    Does("ListJoinNode", {"list": [1, 2], "separator": ""}, {"result": "12"}),
    Does(
        "ListFilterNode",
        {"items": [5, 25, None, 40], "condition": "greater_than", "value": "20"},
        {"result": [25, 40], "removed": [5, None]},
    ),
    Does(
        "ListFilterNode",
        {"list": ROWS, "condition": "equals", "value": "a", "key_path": "t"},
        {"result": [ROWS[2]]},
    ),
    Does("ListFilterNode", {"list": [1, None]}, {"result": [1], "removed": [None]}),
    Does("ListFilterNode", {"list": [1, 2], "condition": "whatever"}, {"result": [1, 2]}),
    *(
        Does("ListFilterNode", {"list": items, "condition": name, "value": value}, {"result": kept})
        for name, items, value, kept in (
            ("not_equals", [1, 2], 1, [2]),
            ("contains", ["abc", "x"], "b", ["abc"]),
            ("starts_with", ["abc", "x"], "ab", ["abc"]),
            ("ends_with", ["abc", "x"], "c", ["abc"]),
            ("less_than", [1, 9], 5, [1]),
            ("is_none", [1, None], None, [None]),
            ("is_truthy", [0, 1, ""], None, [1]),
            ("is_falsy", [0, 1, ""], None, [0, ""]),
        )
    ),
    *(
        Does("ListMapNode", {"items": items, "transform": name, "key_path": path}, {"result": made})
        for name, items, path, made in (
            ("get_property", ROWS, "n", [2, None, 1]),
            ("to_string", [1, None], "", ["1", ""]),
            ("to_int", ["7", 2.9], "", [7, 2]),
            ("to_float", ["7", 2], "", [7.0, 2.0]),
            ("to_upper", ["a"], "", ["A"]),
            ("to_lower", ["A"], "", ["a"]),
            ("trim", [" a "], "", ["a"]),
            ("length", ["abc", [1]], "", [3, 1]),
        )
    ),
    *(
        Does(
            "ListReduceNode",
            {"list": items, "operation": name, "initial": initial},
            {"result": result},
        )
        for name, items, initial, result in (
            ("sum", [1, 2, None, "3"], None, 6),
            ("sum", [1, 0.5], 10, 11.5),
            ("product", [2, 3], None, 6),
            ("min", [3, 1], None, 1),
            ("max", ["9", "10"], None, 10),
            ("max", ["a", "b"], None, "b"),
            ("avg", [1, 2], None, 1.5),
            ("avg", [1, 3], None, 2),
            ("count", [1, None, 3], None, 2),
            ("first", [7, 8], None, 7),
            ("last", [7, 8], None, 8),
            ("join", ["a", "b"], "-", "a-b"),
            ("sum", [], None, 0),
            ("max", [], None, None),
            ("max", [], 5, 5),
        )
    ),
    Does("ListReduceNode", {"list": ROWS, "key_path": "n"}, {"result": 3}),
    Does(SUPER, {"action": "Create List", "item1": 1, "item3": 3}, {"list": [1, 3], "length": 2}),
    Does(SUPER, {"list": [1, 2], "index": -1}, {"item": 2, "found": True}),
    Does(
        SUPER,
        {"list": [1], "index": 4, "default_value": "none"},
        {"item": "none", "found": False},
    ),
    Does(
        SUPER,
        {"list": [1], "index": -1, "negative_index": False, "default_value": "no"},
        {"item": "no", "found": False},
    ),
    Does(SUPER, {"action": "Length", "list": []}, {"length": 0, "is_empty": True}),
    Does(
        SUPER,
        {"action": "Contains", "list": [1, 2, 1], "item": 1},
        {"contains": True, "index": 0, "count": 2},
    ),
    Does(SUPER, {"action": "Append", "list": [1], "item": 2}, {"list": [1, 2], "length": 2}),
    Does(
        SUPER,
        {"action": "Append", "list": [1], "item": [2, 3], "extend": True, "position": "start"},
        {"list": [2, 3, 1]},
    ),
    Does(
        SUPER,
        {"action": "Append", "list": [1, 2], "item": 9, "position": "index", "insert_index": 1},
        {"list": [1, 9, 2]},
    ),
    Does(
        SUPER,
        {"action": "Slice", "list": [1, 2, 3, 4], "start": 0, "step": 2},
        {"slice": [1, 3], "length": 2},
    ),
    Does(SUPER, {"action": "Sort", "list": [1, 3], "descending": True}, {"sorted": [3, 1]}),
    Does(SUPER, {"action": "Reverse", "list": [1, 3]}, {"reversed": [3, 1]}),
    Does(
        SUPER,
        {"action": "Unique", "list": [2, 1, 2]},
        {"unique": [2, 1], "length": 2, "duplicates_removed": 1},
    ),
    Does(
        SUPER,
        {"action": "Filter", "list": [5, 25], "expression": "item > {{least}}"},
        {"filtered": [25], "rejected": [5], "length": 1},
        {"least": 20},
    ),
    Does(SUPER, {"action": "Map", "list": [1, 2], "expression": "x * 2"}, {"mapped": [2, 4]}),
    Does(
        SUPER,
        {"action": "Map", "list": [1, 2], "expression": "lambda v: v + 1"},
        {"mapped": [2, 3]},
    ),
    Does(SUPER, {"action": "Reduce", "list": [1, 2, 3]}, {"result": 6}),
    Does(
        SUPER,
        {"action": "Reduce", "list": [[1], [2]], "reduce_operation": "concat"},
        {"result": [1, 2]},
    ),
    Does(
        SUPER,
        {
            **{"action": "Reduce", "list": [2, 3], "reduce_operation": "custom"},
            **{"expression": "acc * item", "initial": 10},
        },
        {"result": 60},
    ),
    Does(SUPER, {"action": "Flatten", "list": [1, [2, [3]]]}, {"flattened": [1, 2, 3]}),
    Does(SUPER, {"action": "Join", "list": [1, 2], "separator": "/"}, {"result": "1/2"}),
    Does(
        "FuzzyStringMatchNode",
        {"search_string": "recieve", "candidates": ["reverse", "receive"]},
        {"matched_string": "receive", "match_index": 1, "is_match": True},
    ),
    Does(
        "FuzzyStringMatchNode",
        {"search_string": "abc", "candidates": "xyz,uvw"},
        {"matched_string": "", "match_index": -1, "is_match": False, "match_score": 0.0},
    ),
    Does(
        "FilterBySimilarityNode",
        {"input_list": ["apple", "apples", "pear", 7], "filter_string": "apple"},
        {"filtered_list": ["apple", "apples", 7], "count": 3},
    ),
]
REFUSES = [
    *(
        Refuses(name, {"list": "nope"}, "'nope'", "TYPE_MISMATCH")
        for name in (
            *("ListLengthNode", "ListReverseNode", "ListSortNode", "ListUniqueNode"),
            *("ListFlattenNode", "ListJoinNode", "ListFilterNode", "ListMapNode"),
            *("ListReduceNode", "ListContainsNode", "ListSliceNode", "ListAppendNode"),
        )
    ),
    Refuses("ListLengthNode", {}, "list", "MISSING_REQUIRED_FIELD"),
    Refuses("ListLengthNode", {"list": "{{make.list}}"}, "make.list"),
    Refuses("ListGetItemNode", {"list": [1], "index": 5}, "5 is outside", "VALUE_OUT_OF_RANGE"),
    Refuses("ListGetItemNode", {"list": [1], "index": "x"}, "index must be a whole number"),
    Refuses("ListGetItemNode", {"list": [1]}, "index", "MISSING_REQUIRED_FIELD"),
    Refuses("ListSliceNode", {"list": [1], "start": 1.5}, "start must be a whole number"),
    Refuses("ListSortNode", {"list": [1, "a"]}, "list", "TYPE_MISMATCH"),
    Refuses("ListFilterNode", {"list": ["x"], "condition": "less_than", "value": 1}, "item"),
    Refuses("ListMapNode", {"list": ["x"], "transform": "to_int"}, "item must be a number"),
    Refuses("ListReduceNode", {"list": [1, "x"]}, "list[1] must be a number"),
    Refuses("ListReduceNode", {"list": [1], "operation": "guess"}, "'guess'"),
    Refuses("FuzzyStringMatchNode", {"search_string": "a", "candidates": "nope"}, "candidates"),
    Refuses("FilterBySimilarityNode", {"input_list": "nope"}, "input_list"),
    Refuses(SUPER, {"action": "Dig"}, "'Dig'", "INVALID_INPUT"),
    Refuses(SUPER, {"list": [1]}, "index is missing"),
    Refuses(SUPER, {"action": "Length"}, "list is missing"),
    Refuses(SUPER, {"action": "Slice", "list": [1], "step": 0}, "step"),
    Refuses(
        SUPER,
        {"action": "Map", "list": [1], "expression": "item +"},
        "",
        "EXPRESSION_ERROR",
    ),
    Refuses(
        SUPER,
        {"action": "Reduce", "list": [1], "reduce_operation": "custom"},
        "expression is missing",
    ),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


def test_a_list_that_is_changed_stays_as_it_was_in_its_variable() -> None:
    result = run_node("ListAppendNode", {"list": "numbers", "item": 3}, {"numbers": [1, 2]})
    assert result.outputs["n"]["result"] == [1, 2, 3]
    assert result.variables["numbers"] == [1, 2]
