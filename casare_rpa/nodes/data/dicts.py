"""Build, read and change maps. Every node works on a copy."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port
from casare_rpa.nodes.data._numbered import LAST, numbered
from casare_rpa.nodes.values.reading import MISSING, as_map, as_text, missing, walk

_MAP_HELP = "A map, a JSON object in text, or the name of a variable."


def _map_port(key: str = "dict", *, required: bool = True, aliases: tuple[str, ...] = ()) -> Any:
    return port(key=key, port_kind="DICT", required=required, aliases=aliases, help=_MAP_HELP)


class CreateDictNode(numbered("key", "value"), Node):  # type: ignore[misc]  # its base is made
    """Build a map from keys and values; an empty key is skipped.

    Three pairs are listed; up to `key_20` and `value_20` are read.
    """

    category = "data"
    example = {"key_1": "name", "value_1": "Ada", "key_2": "age", "value_2": 36}
    outputs = (Output("dict", "DICT"),)

    def run(self, ctx: Context) -> Outputs:
        pairs = (
            (as_text(getattr(self, f"key_{number}")), getattr(self, f"value_{number}"))
            for number in range(1, LAST + 1)
        )
        return {"dict": {key: value for key, value in pairs if key}}


class DictGetNode(Node):
    """Look up a key in a map, with a value for when it is not there.

    A key that the map does not have is read as a path: `user.emails[0]`.
    """

    category = "data"
    example = {"dict": {"a": 1}, "key": "b", "default": 0}
    outputs = (Output("value"), Output("found", "BOOLEAN"))
    source: Any = _map_port()
    key: Any = param("", kind="string", help="The key to look up.")
    default: Any = port(aliases=("default_value",), help="The value if there is no such key.")

    def run(self, ctx: Context) -> Outputs:
        value = look_up(as_map(ctx, self.source, "dict"), self.key)
        found = value is not MISSING
        return {"value": value if found else self.default, "found": found}


class DictHasKeyNode(Node):
    """Tell whether a map has a key."""

    category = "data"
    example = {"dict": {"a": 1}, "key": "a"}
    outputs = (Output("has_key", "BOOLEAN"),)
    source: Any = _map_port()
    key: Any = port("", kind="string", help="The key to look for.")

    def run(self, ctx: Context) -> Outputs:
        return {"has_key": get(as_map(ctx, self.source, "dict"), self.key) is not MISSING}


class DictKeysNode(Node):
    """List the keys of a map."""

    category = "data"
    example = {"dict": {"a": 1, "b": 2}}
    outputs = (Output("keys", "LIST"), Output("count", "INTEGER"))
    source: Any = _map_port()

    def run(self, ctx: Context) -> Outputs:
        keys = list(as_map(ctx, self.source, "dict"))
        return {"keys": keys, "count": len(keys)}


class DictValuesNode(Node):
    """List the values of a map."""

    category = "data"
    example = {"dict": {"a": 1, "b": 2}}
    outputs = (Output("values", "LIST"), Output("count", "INTEGER"))
    source: Any = _map_port()

    def run(self, ctx: Context) -> Outputs:
        values = list(as_map(ctx, self.source, "dict").values())
        return {"values": values, "count": len(values)}


class DictItemsNode(Node):
    """Turn a map into a list of objects with `key` and `value`."""

    category = "data"
    example = {"dict": {"a": 1}}
    outputs = (Output("items", "LIST"), Output("count", "INTEGER"))
    source: Any = _map_port()

    def run(self, ctx: Context) -> Outputs:
        found = items(as_map(ctx, self.source, "dict"))
        return {"items": found, "count": len(found)}


class DictMergeNode(Node):
    """Combine two maps; the second wins where both have a key."""

    category = "data"
    example = {"dict_1": {"a": 1, "b": 1}, "dict_2": {"b": 2}}
    outputs = (Output("result", "DICT", aliases=("dict",)),)
    dict_1: Any = _map_port("dict_1", required=False, aliases=("dict1",))
    dict_2: Any = _map_port("dict_2", required=False, aliases=("dict2",))

    def run(self, ctx: Context) -> Outputs:
        return {
            "result": optional_map(ctx, self.dict_1, "dict_1")
            | optional_map(ctx, self.dict_2, "dict_2")
        }


class DictRemoveNode(Node):
    """Return a map without one key, and the value it had."""

    category = "data"
    example = {"dict": {"a": 1, "b": 2}, "key": "a"}
    outputs = (Output("result", "DICT", aliases=("dict",)), Output("removed_value"))
    source: Any = _map_port()
    key: Any = param("", kind="string", help="The key to remove; a missing one is no failure.")

    def run(self, ctx: Context) -> Outputs:
        result = as_map(ctx, self.source, "dict")
        key = present_key(result, self.key)
        return {"removed_value": result.pop(key, None), "result": result}


class DictSetNode(Node):
    """Return a map with one key set."""

    category = "data"
    example = {"dict": {"a": 1}, "key": "b", "value": 2}
    outputs = (Output("result", "DICT", aliases=("dict",)),)
    source: Any = _map_port(required=False)
    key: Any = param("", kind="string", help="The key to set.")
    value: Any = port(help="Its new value.")

    def run(self, ctx: Context) -> Outputs:
        result = optional_map(ctx, self.source, "dict")
        result[present_key(result, required_key(self.key))] = self.value
        return {"result": result}


class GetPropertyNode(Node):
    """Follow a path such as `user.emails[0]` into a map; None where it leads nowhere."""

    category = "data"
    example = {"object": {"user": {"name": "Ada"}}, "property_path": "user.name"}
    outputs = (Output("value"),)
    source: Any = _map_port("object", aliases=("dict",))
    property_path: Any = param(
        "", kind="string", aliases=("path",), help="Names joined by dots, items as [0]."
    )

    def run(self, ctx: Context) -> Outputs:
        value = look_up(as_map(ctx, self.source, "object"), as_text(self.property_path))
        return {"value": None if value is MISSING else value}


def get(source: dict[Any, Any], key: Any) -> Any:
    """The value of *key*, or MISSING."""
    return source.get(present_key(source, key), MISSING)


def look_up(source: dict[Any, Any], key: Any) -> Any:
    """As get; a key that the map does not have is read as a path."""
    value = get(source, key)
    return walk(source, key) if value is MISSING and isinstance(key, str) else value


def present_key(source: dict[Any, Any], key: Any) -> Any:
    """*key* as the map spells it: a number in a file may be text in the map, and the reverse."""
    try:
        if key in source:
            return key
    except TypeError as error:
        raise NodeError(f"key: {error}", ErrorCode.TYPE_MISMATCH) from error
    return next((k for k in source if not isinstance(k, str) and str(k) == key), as_text(key))


def required_key(key: Any) -> Any:
    if as_text(key) == "":
        raise missing("key")
    return key


def items(source: dict[Any, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in source.items()]


def optional_map(ctx: Context, value: Any, name: str) -> dict[Any, Any]:
    """As as_map, but nothing is an empty map."""
    return {} if value is None or value == "" else as_map(ctx, value, name)
