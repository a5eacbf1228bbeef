"""Models as JSON Schemas of whole answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel

from casare_cli.terminal.output import SCHEMA_VERSION

Schema = dict[str, Any]
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class One:
    """One object."""

    model: type[BaseModel]

    def schema(self, name: str) -> Schema:
        return _headed(name, self.model)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: `{"schema_version": 1, "items": [...], "next_cursor": null}`."""

    model: type[BaseModel]

    def schema(self, name: str) -> Schema:
        item = _headed(name, self.model)
        definitions = item.pop("$defs", {})
        head = {key: item.pop(key) for key in ("$schema", "title")}
        label = self.model.__name__
        return {
            **head,
            "type": "object",
            "properties": {
                "schema_version": {"const": SCHEMA_VERSION, "type": "integer"},
                "items": {"type": "array", "items": {"$ref": f"#/$defs/{label}"}},
                "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
            "required": ["schema_version", "items", "next_cursor"],
            "$defs": {**definitions, label: item},
        }


Answer: TypeAlias = One | ListOf


def _headed(name: str, model: type[BaseModel]) -> Schema:
    found = _without_titles(model.model_json_schema(mode="serialization"))
    return {"$schema": _DIALECT, "title": name, **found}


def _without_titles(part: Any) -> Any:
    """The schema without the titles that pydantic makes of names; they tell nothing more."""
    if isinstance(part, list):
        return [_without_titles(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_titles(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }
