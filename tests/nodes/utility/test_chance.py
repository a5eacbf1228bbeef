"""Random numbers, texts, choices and orders."""

from __future__ import annotations

import string
import uuid
from typing import Any

import pytest

from tests.nodes.cases import Refuses, named, outputs

REFUSES = [
    Refuses("RandomNumberNode", {"min": "low"}, "min_value must be a number"),
    Refuses("RandomNumberNode", {"min": 0.2, "max": 0.8, "integer_only": True}, "no whole number"),
    Refuses("RandomStringNode", {"length": -1}, "length must lie"),
    Refuses(
        "RandomStringNode",
        {
            **{"include_uppercase": False, "include_lowercase": False},
            **{"include_digits": False},
        },
        "no characters",
    ),
    Refuses("RandomUUIDNode", {"version": 7}, "version must be 1 or 4"),
    Refuses("RandomUUIDNode", {"format": "short"}, "'short'"),
    Refuses("RandomChoiceNode", {}, "items", "MISSING_REQUIRED_FIELD"),
    Refuses("RandomChoiceNode", {"items": []}, "items is empty"),
    Refuses("RandomChoiceNode", {"items": [1, 2], "count": 3}, "3 of 2"),
    Refuses("ShuffleListNode", {"list": "nope"}, "'nope'"),
]


@pytest.mark.parametrize("row", REFUSES, ids=named)
def test_it_refuses(row: Refuses) -> None:
    row.check()


@pytest.mark.parametrize(
    ("config", "low", "high", "kind"),
    [
        ({"min": 2, "max": 3}, 2, 3, float),
        ({"min_value": 6, "max_value": "1", "integer_only": True}, 1, 6, int),
        ({"min_value": 4, "max_value": 4, "integer_only": True}, 4, 4, int),
        ({}, 0, 100, float),
    ],
)
def test_a_number_lies_in_its_range(
    config: dict[str, Any], low: float, high: float, kind: type
) -> None:
    results = [outputs("RandomNumberNode", config)["result"] for _ in range(20)]
    assert all(low <= result <= high and type(result) is kind for result in results)


def test_both_ends_of_a_whole_range_are_drawn() -> None:
    config = {"min_value": 0, "max_value": 1, "integer_only": True}
    assert {outputs("RandomNumberNode", config)["result"] for _ in range(60)} == {0, 1}


@pytest.mark.parametrize(
    ("config", "length", "characters"),
    [
        ({}, 8, string.ascii_letters + string.digits),
        ({"length": 40, "include_digits": False}, 40, string.ascii_letters),
        ({"length": "30", "custom_chars": "ab"}, 30, "ab"),
        ({"length": 0}, 0, ""),
    ],
)
def test_a_text_has_the_length_and_characters_asked_for(
    config: dict[str, Any], length: int, characters: str
) -> None:
    result = outputs("RandomStringNode", config)["result"]
    assert len(result) == length
    assert set(result) <= set(characters)


def test_two_texts_differ() -> None:
    config = {"length": 32}
    assert outputs("RandomStringNode", config) != outputs("RandomStringNode", config)


def test_a_uuid_has_its_version_and_form() -> None:
    assert uuid.UUID(outputs("RandomUUIDNode", {})["result"]).version == 4
    assert uuid.UUID(outputs("RandomUUIDNode", {"version": "1"})["result"]).version == 1
    assert len(outputs("RandomUUIDNode", {"format": "hex"})["result"]) == 32
    assert outputs("RandomUUIDNode", {"format": "urn"})["result"].startswith("urn:uuid:")


def test_one_item_is_chosen_with_its_index() -> None:
    got = outputs("RandomChoiceNode", {"items": "red,green,blue"})
    assert ["red", "green", "blue"][got["index"]] == got["result"]


def test_several_items_are_chosen_without_repetition() -> None:
    got = outputs("RandomChoiceNode", {"items": [1, 2, 3], "count": 3})
    assert sorted(got["result"]) == [1, 2, 3]
    assert got["index"] == -1


def test_an_item_may_be_chosen_again_if_that_is_allowed() -> None:
    got = outputs("RandomChoiceNode", {"items": [1], "count": 3, "allow_duplicates": True})
    assert got["result"] == [1, 1, 1]


def test_a_shuffled_list_holds_the_same_items_in_another_order() -> None:
    items = list(range(50))
    result = outputs("ShuffleListNode", {"list": items})["result"]
    assert sorted(result) == items
    assert result != items
