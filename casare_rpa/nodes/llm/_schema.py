"""Whether a value is what a JSON Schema asks for: the part of it that answers of models need."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.values.reading import as_text, shown

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: _is_number(value) and value == value // 1,
    "number": lambda value: _is_number(value),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
#: How people write types in a short schema.
_SHORT: Final[Mapping[str, str]] = {
    **{"text": "string", "str": "string", "date": "string", "datetime": "string"},
    **{"int": "integer", "float": "number", "decimal": "number", "bool": "boolean"},
    **{"list": "array", "dict": "object", "map": "object"},
}
#: What only describes, and what is looked at below; any other key would be a promise not kept.
_NOTES: Final = frozenset(
    {
        *("$schema", "$id", "$comment", "title", "description", "default", "examples", "format"),
        *("deprecated", "readOnly", "writeOnly"),
    }
)
_CHECKED: Final = frozenset(
    {
        *("type", "enum", "const", "properties", "required", "additionalProperties", "items"),
        *("minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "anyOf"),
        *("oneOf", "allOf"),
    }
)
_DEEPEST = 32
_MOST_FAULTS = 5

Schema = Mapping[str, Any]


def schema_of(given: Any) -> dict[str, Any]:
    """A JSON Schema of one, or of the short form: a map of fields to types or descriptions.

    In the short form every field must be there, and is null where there is nothing to find.
    Raises NodeError for what is neither, and for keywords that are not checked here.
    """
    if not isinstance(given, dict) or not given:
        raise NodeError(f"schema must be a map, not {shown(given)}", ErrorCode.TYPE_MISMATCH)
    found = given if _is_schema(given) else _of_fields(given)
    _check_keywords(found, "schema", 0)
    return found


def faults(value: Any, schema: Schema) -> list[str]:
    """What is wrong with *value*, the first few things; nothing if it fits."""
    found: list[str] = []
    for fault in _faults(value, schema, ""):
        found.append(fault)
        if len(found) == _MOST_FAULTS:
            break
    return found


def _is_schema(given: Mapping[str, Any]) -> bool:
    kind = given.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    named = all(isinstance(k, str) and k in _TYPES for k in kinds)
    if "$ref" in given or (named and given.keys() <= _CHECKED | _NOTES):
        return True
    lists = ("enum", "anyOf", "oneOf", "allOf")
    return "properties" in given or any(isinstance(given.get(key), list) for key in lists)


def _of_fields(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {as_text(name): _of_field(said) for name, said in fields.items()},
        "required": [as_text(name) for name in fields],
    }


def _of_field(said: Any) -> dict[str, Any]:
    if isinstance(said, dict):
        return said if _is_schema(said) else _of_fields(said)
    if isinstance(said, list):
        return {"type": ["array", "null"], "items": _of_field(said[0]) if said else {}}
    word = as_text(said).strip()
    kind = _SHORT.get(word.lower(), word.lower())
    if kind in _TYPES:
        return {"type": [kind, "null"]}
    return {"description": word}


def _check_keywords(schema: Any, where: str, depth: int) -> None:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict) or depth > _DEEPEST:
        raise NodeError(f"{where} is no JSON Schema", ErrorCode.INVALID_INPUT)
    for key in schema:
        if key not in _CHECKED | _NOTES:
            raise NodeError(
                f"{where}: {key!r} cannot be checked",
                ErrorCode.NOT_IMPLEMENTED,
                hint=f"what can be: {', '.join(sorted(_CHECKED))}",
            )
    for kind in _types(schema):
        if not isinstance(kind, str) or kind not in _TYPES:
            raise NodeError(f"{where}: there is no type {kind!r}", ErrorCode.INVALID_INPUT)
    for key in schema:
        if not _is_written_well(key, schema[key]):
            raise NodeError(
                f"{where}: {key} cannot be {shown(schema[key])}", ErrorCode.INVALID_INPUT
            )
    for name, inner in _inner(schema, where):
        _check_keywords(inner, name, depth + 1)


def _is_written_well(key: str, value: Any) -> bool:
    if key in ("enum", "anyOf", "oneOf", "allOf"):
        return isinstance(value, list)
    if key == "required":
        return isinstance(value, list) and all(isinstance(name, str) for name in value)
    return not key.startswith(("min", "max")) or _is_number(value)


def _inner(schema: Schema, where: str) -> Iterator[tuple[str, Any]]:
    """The schemas inside *schema*, by where they stand."""
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise NodeError(f"{where}.properties is no map", ErrorCode.INVALID_INPUT)
    for name, inner in properties.items():
        yield f"{where}.properties.{name}", inner
    for key in ("items", "additionalProperties"):
        if key in schema:
            yield f"{where}.{key}", schema[key]
    for key in ("anyOf", "oneOf", "allOf"):
        for index, inner in enumerate(schema.get(key, ())):
            yield f"{where}.{key}[{index}]", inner


def _types(schema: Schema) -> list[Any]:
    kind = schema.get("type")
    return kind if isinstance(kind, list) else [] if kind is None else [kind]


def _faults(value: Any, schema: Any, at: str) -> Iterator[str]:
    if schema is True:
        return
    if schema is False:
        yield f"{at or 'it'} must not be there"
        return
    kinds = _types(schema)
    if kinds and not any(_TYPES[kind](value) for kind in kinds):
        yield f"{at or 'it'} must be {' or '.join(kinds)}, not {_said(value)}"
        return
    if "enum" in schema and not any(_same(value, choice) for choice in schema["enum"]):
        yield f"{at or 'it'} must be one of {_said(schema['enum'])}"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{at or 'it'} must be {_said(schema['const'])}"
    yield from _beyond_limits(value, schema, at or "it")
    if isinstance(value, dict):
        yield from _faults_of_map(value, schema, at)
    if isinstance(value, list) and "items" in schema:
        for index, item in enumerate(value):
            yield from _faults(item, schema["items"], f"{at}[{index}]")
    yield from _unmet_choices(value, schema, at)


def _faults_of_map(value: Mapping[str, Any], schema: Schema, at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{_path(at, name)} is missing"
    for name, item in value.items():
        inner = properties.get(name, schema.get("additionalProperties", True))
        yield from _faults(item, inner, _path(at, name))


def _beyond_limits(value: Any, schema: Schema, at: str) -> Iterator[str]:
    if isinstance(value, str | list):
        unit = "Length" if isinstance(value, str) else "Items"
        if len(value) < schema.get(f"min{unit}", 0):
            yield f"{at} is shorter than {schema[f'min{unit}']}"
        if len(value) > schema.get(f"max{unit}", len(value)):
            yield f"{at} is longer than {schema[f'max{unit}']}"
    if _is_number(value):
        if value < schema.get("minimum", value):
            yield f"{at} is below {schema['minimum']}"
        if value > schema.get("maximum", value):
            yield f"{at} is above {schema['maximum']}"


def _unmet_choices(value: Any, schema: Schema, at: str) -> Iterator[str]:
    for inner in schema.get("allOf", ()):
        yield from _faults(value, inner, at)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            fitting = sum(not faults(value, inner) for inner in schema[key])
            if fitting == 0 or (key == "oneOf" and fitting > 1):
                yield f"{at or 'it'} fits {fitting or 'none'} of {key}"


def _same(a: Any, b: Any) -> bool:
    """JSON's equality: true is not 1."""
    return isinstance(a, bool) == isinstance(b, bool) and bool(a == b)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _said(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
