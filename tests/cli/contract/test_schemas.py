"""The published schemas: a change that would break their readers is refused."""

from __future__ import annotations

from typing import Any

import pytest

from casare_cli.answers import ANSWERS, OTHERS
from casare_cli.answers.compatible import breaking_changes
from casare_cli.schemas import names, schema_of

TEXT, NULL = {"type": "string"}, {"type": "null"}


def an_object(*required: str, **members: Any) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(required)}


OLD = an_object(
    "id",
    id=TEXT,
    size={"type": "number"},
    state={"enum": ["on", "off"], "type": "string"},
    note={"anyOf": [TEXT, NULL]},
    parts={"type": "array", "items": {"$ref": "#/$defs/Part"}},
) | {"$defs": {"Part": an_object("name", name=TEXT)}}


def changed(**members: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], **members}}


@pytest.mark.parametrize("name", [*ANSWERS, *OTHERS])
def test_what_is_published_keeps_its_promises(name: str) -> None:
    made = (ANSWERS | OTHERS)[name].schema(name)
    assert breaking_changes(schema_of(name), made) == []


def test_all_that_is_published_has_a_source() -> None:
    assert set(names()) == set(ANSWERS) | set(OTHERS)


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (changed(id={"type": "integer"}), "id may be integer now"),
        (changed(id={"anyOf": [TEXT, NULL]}), "id may be null now"),
        (changed(state={"enum": ["on", "gone"], "type": "string"}), "state may be 'gone' now"),
        (changed(state=TEXT), "state may be anything now"),
        ({**OLD, "required": []}, "id may be left out now"),
        ({**OLD, "properties": {"id": TEXT}}, "size is gone"),
        ({**OLD, "$defs": {"Part": an_object(name=TEXT)}}, "parts[].name may be left out now"),
        ({**OLD, "$defs": {"Part": an_object("title", title=TEXT)}}, "parts[].name is gone"),
    ],
)
def test_a_break_is_told(new: dict[str, Any], told: str) -> None:
    assert told in breaking_changes(OLD, new)


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        changed(more=TEXT),
        changed(size={"type": "integer"}),
        changed(note=TEXT),
        changed(state={"const": "on", "type": "string"}),
        {**OLD, "required": ["id", "size"]},
    ],
)
def test_what_readers_can_do_with_is_no_break(new: dict[str, Any]) -> None:
    assert breaking_changes(OLD, new) == []
