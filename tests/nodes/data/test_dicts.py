"""Maps, JSON, templates and joined text."""

from __future__ import annotations

from typing import Any

import pytest

from tests.nodes.cases import Does, Refuses, named
from tests.support.runs import run_node

AB = {"a": 1, "b": 2}
SUPER = "DictSuperNode"

DOES = [
    Does(
        "CreateDictNode",
        {"key_1": "name", "value_1": "{{who}}", "key_2": "", "value_2": 1, "key_3": "n"},
        {"dict": {"name": "Ada", "n": None}},
        {"who": "Ada"},
    ),
    Does(
        "CreateDictNode",
        {"key1": "a", "value1": 1, "key_7": "g", "value_7": 7},
        {"dict": {"a": 1, "g": 7}},
    ),
    Does("DictGetNode", {"dict": AB, "key": "a"}, {"value": 1, "found": True}),
    Does("DictGetNode", {"dict": AB, "key": "z", "default": 9}, {"value": 9, "found": False}),
    Does("DictGetNode", {"dict": "d", "key": "a"}, {"value": 1}, {"d": AB}),
    Does("DictGetNode", {"dict": '{"a": 5}', "key": "a"}, {"value": 5}),
    Does("DictGetNode", {"dict": "{{d}}", "key": "k"}, {"value": "v"}, {"d": {"k": "v"}}),
    Does("DictHasKeyNode", {"dict": AB, "key": "b"}, {"has_key": True}),
    Does("DictHasKeyNode", {"dict": AB, "key": "c"}, {"has_key": False}),
    Does("DictKeysNode", {"dict": AB}, {"keys": ["a", "b"], "count": 2}),
    Does("DictValuesNode", {"dict": AB}, {"values": [1, 2], "count": 2}),
    Does("DictItemsNode", {"dict": {"a": 1}}, {"items": [{"key": "a", "value": 1}], "count": 1}),
    Does(
        "DictMergeNode",
        {"dict1": AB, "dict_2": {"b": 3}},
        {"result": {"a": 1, "b": 3}},
    ),
    Does("DictRemoveNode", {"dict": AB, "key": "a"}, {"result": {"b": 2}, "removed_value": 1}),
    Does("DictRemoveNode", {"dict": AB, "key": "z"}, {"result": AB, "removed_value": None}),
    Does("DictSetNode", {"dict": AB, "key": "c", "value": [3]}, {"result": {**AB, "c": [3]}}),
    Does("DictSetNode", {"key": "c", "value": 3}, {"result": {"c": 3}}),
    Does(
        "GetPropertyNode",
        {"object": {"user": {"mails": ["x"]}}, "property_path": "user.mails[0]"},
        {"value": "x"},
    ),
    Does("GetPropertyNode", {"object": AB, "property_path": "a.b.c"}, {"value": None}),
    Does("JsonParseNode", {"json_string": '{"a": [1, null]}'}, {"data": {"a": [1, None]}}),
    Does("ParseJSONNode", {"json_string": "7"}, {"data": 7}),
    Does(
        "DictToJsonNode", {"dict": {"b": "é", "a": 1}}, {"json_string": '{"b": "\\u00e9", "a": 1}'}
    ),
    Does(
        "DictToJsonNode",
        {"dict": {"b": "é", "a": 1}, "sort_keys": "true", "ensure_ascii": False, "indent": 1},
        {"json_string": '{\n "a": 1,\n "b": "é"\n}'},
    ),
    Does("ConcatenateNode", {"string1": "a", "string_2": 2, "separator": "-"}, {"result": "a-2"}),
    Does(
        "FormatStringNode",
        {"template": "{name} owes {sum:.2f} {{}} {rows[0]}", "variables": "{{d}}"},
        {"result": "Ada owes 3.50 {} x"},
        {"d": {"name": "Ada", "sum": 3.5, "rows": ["x"]}},
    ),
    Does("FormatStringNode", {"template": "Hi {who}"}, {"result": "Hi Bo"}, {"who": "Bo"}),
    Does(
        SUPER,
        {"action": "Create Dict", "key1": "a", "value1": 1},
        {"dict": {"a": 1}, "count": 1},
    ),
    Does(SUPER, {"action": "Get Value", "dict": AB, "key": "b"}, {"value": 2, "found": True}),
    Does(
        SUPER,
        {"action": "Get Value", "dict": AB, "key": "z", "default_value": "none"},
        {"value": "none", "found": False},
    ),
    Does(
        SUPER,
        {"action": "Get Property", "dict": {"a": {"b": 1}}, "path": "a/b", "separator": "/"},
        {"value": 1, "found": True},
    ),
    Does(SUPER, {"action": "Has Key", "dict": AB, "key": "a"}, {"has_key": True}),
    Does(SUPER, {"action": "Get Keys", "dict": AB}, {"keys": ["a", "b"], "count": 2}),
    Does(SUPER, {"action": "Get Values", "dict": AB}, {"values": [1, 2], "count": 2}),
    Does(SUPER, {"action": "Get Items", "dict": {"a": 1}}, {"items": [{"key": "a", "value": 1}]}),
    Does(
        SUPER,
        {"action": "Set Value", "dict": {"a": {"b": 1}}, "key": "a.c", "value": 2},
        {"dict": {"a": {"b": 1, "c": 2}}, "was_update": False},
    ),
    Does(
        SUPER,
        {"action": "Set Value", "dict": AB, "key": "a", "value": 9},
        {"dict": {"a": 9, "b": 2}, "previous": 1, "was_update": True},
    ),
    Does(
        SUPER,
        {"action": "Remove Key", "dict": AB, "key": "a"},
        {"dict": {"b": 2}, "removed_value": 1, "was_removed": True},
    ),
    Does(
        SUPER,
        {"action": "Merge", "dict1": {"x": {"a": 1}}, "dict2": {"x": {"b": 2}}, "deep_merge": True},
        {"merged": {"x": {"a": 1, "b": 2}}, "count": 1},
    ),
    Does(
        SUPER,
        {"action": "Merge", "dict1": AB, "dict2": {"a": 9, "c": 3}, "overwrite": False},
        {"merged": {"a": 1, "b": 2, "c": 3}},
    ),
    Does(SUPER, {"action": "Parse JSON", "json_string": "[1]"}, {"data": [1], "success": True}),
    Does(SUPER, {"action": "To JSON", "data": {"a": "é"}}, {"json_string": '{"a": "é"}'}),
    Does(SUPER, {"action": "to json", "dict": AB}, {"json_string": '{"a": 1, "b": 2}'}),
]
REFUSES = [
    Refuses("DictGetNode", {"key": "a"}, "dict", "MISSING_REQUIRED_FIELD"),
    Refuses("DictGetNode", {"dict": "nope", "key": "a"}, "'nope'", "TYPE_MISMATCH"),
    Refuses("DictHasKeyNode", {"dict": [1], "key": "a"}, "dict must be a map"),
    Refuses("DictKeysNode", {"dict": "{{nope.dict}}"}, "nope.dict", "TYPE_MISMATCH"),
    Refuses("DictValuesNode", {"dict": 5}, "dict must be a map"),
    Refuses("DictItemsNode", {"dict": 5}, "dict must be a map"),
    Refuses("DictMergeNode", {"dict_1": AB, "dict_2": 5}, "dict_2 must be a map"),
    Refuses("DictRemoveNode", {"key": "a"}, "dict", "MISSING_REQUIRED_FIELD"),
    Refuses("DictSetNode", {"dict": AB, "value": 1}, "key is missing"),
    Refuses("GetPropertyNode", {"object": 5, "property_path": "a"}, "object must be a map"),
    Refuses("JsonParseNode", {"json_string": ""}, "json_string is missing"),
    Refuses("JsonParseNode", {"json_string": "{'a': 1}"}, "json_string", "PARSE_ERROR"),
    Refuses("JsonParseNode", {"json_string": "[NaN]"}, "NaN", "PARSE_ERROR"),
    Refuses("JsonParseNode", {"json_string": "[" * 200_000 + "]" * 200_000}, "json_string"),
    Refuses("DictToJsonNode", {"dict": 5}, "dict must be a map"),
    Refuses("FormatStringNode", {"template": "Hi {who}"}, "'who'", "TEMPLATE_ERROR"),
    Refuses("FormatStringNode", {"template": "{a:99999999}", "variables": AB}, "width"),
    Refuses("FormatStringNode", {"template": "Hi {"}, "template", "TEMPLATE_ERROR"),
    Refuses(
        "FormatStringNode",
        {"template": "{a.__class__}", "variables": AB},
        "'a.__class__'",
        "TEMPLATE_ERROR",
    ),
    Refuses(SUPER, {"action": "Dig", "dict": AB}, "'Dig'", "INVALID_INPUT"),
    Refuses(SUPER, {"action": "Get Value", "dict": AB}, "key is missing"),
    Refuses(SUPER, {"action": "Get Keys"}, "dict is missing"),
    Refuses(SUPER, {"action": "Remove Key", "dict": AB, "key": "z"}, "'z'"),
    Refuses(SUPER, {"action": "Parse JSON", "json_string": "{"}, "json_string", "PARSE_ERROR"),
]


@pytest.mark.parametrize("row", DOES, ids=named)
def test_it_works(row: Does) -> None:
    row.check()


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


@pytest.mark.parametrize(
    ("node_type", "config"),
    [
        ("DictSetNode", {"key": "a", "value": 0}),
        (SUPER, {"action": "Set Value", "key": "a.b", "value": 0}),
    ],
)
def test_a_map_that_is_changed_stays_as_it_was_in_its_variable(
    node_type: str, config: dict[str, Any]
) -> None:
    result = run_node(node_type, {"dict": "{{d}}", **config}, {"d": {"a": {"b": 1}}})
    assert result.success
    assert result.variables["d"] == {"a": {"b": 1}}
