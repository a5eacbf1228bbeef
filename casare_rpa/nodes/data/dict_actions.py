"""One node for all operations on maps."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.data import dicts
from casare_rpa.nodes.data.json_ import to_json
from casare_rpa.nodes.values.reading import MISSING, as_map, as_text, missing, parse_json, walk


class DictSuperNode(Node):
    """Do one of many operations on maps, chosen by `action`.

    Each action fills its own outputs. `Set Value` with a dotted key sets a nested value if
    `create_path` is on.
    """

    category = "data"
    example = {"action": "Get Property", "dict": {"a": {"b": 1}}, "path": "a.b"}
    outputs = (
        *(Output("value"), Output("found", "BOOLEAN"), Output("dict", "DICT")),
        *(Output("count", "INTEGER"), Output("has_key", "BOOLEAN"), Output("keys", "LIST")),
        *(Output("values", "LIST"), Output("items", "LIST"), Output("previous")),
        *(Output("was_update", "BOOLEAN"), Output("removed_value")),
        *(Output("was_removed", "BOOLEAN"), Output("merged", "DICT"), Output("data")),
        *(Output("success", "BOOLEAN"), Output("error", "STRING"), Output("json_string", "STRING")),
    )
    action: str = prop(
        "Get Value",
        kind="choice",
        choices=(
            *("Create Dict", "Get Value", "Get Property", "Has Key", "Get Keys", "Get Values"),
            *("Get Items", "Set Value", "Remove Key", "Merge", "Parse JSON", "To JSON"),
        ),
        help="What to do.",
    )
    source: Any = param(key="dict", port_kind="DICT", help="The map to work on.")
    key: Any = param(kind="string", help="The key to get, set, test or remove.")
    default_value: Any = prop("", kind="string", help="The value if nothing is found.")
    create_path: bool = prop(True, kind="boolean", help="Make the maps of a dotted key.")
    ignore_missing: bool = prop(False, kind="boolean", help="Removing a missing key is fine.")
    deep_merge: bool = prop(False, kind="boolean", help="Merge maps inside the maps as well.")
    indent: int = prop(0, kind="integer", minimum=0, help="Spaces a level of the JSON text.")
    separator: Any = prop(".", kind="string", help="Joins the names of a path.")
    overwrite: bool = prop(True, kind="boolean", help="The second map wins when merging.")
    sort_keys: bool = prop(False, kind="boolean", help="Order the keys of the JSON text.")
    ensure_ascii: bool = prop(False, kind="boolean", help="Escape characters beyond ASCII.")
    key1: Any = port("", kind="string", aliases=("key_1",), help="The first key of a new map.")
    value1: Any = port(aliases=("value_1",), help="The first value.")
    key2: Any = port("", kind="string", aliases=("key_2",), help="The second key.")
    value2: Any = port(aliases=("value_2",), help="The second value.")
    key3: Any = port("", kind="string", aliases=("key_3",), help="The third key.")
    value3: Any = port(aliases=("value_3",), help="The third value.")
    path: Any = port("", kind="string", help="The path of Get Property.")
    value: Any = port(help="The value to set.")
    dict1: Any = port(port_kind="DICT", help="The first map to merge; else `dict`.")
    dict2: Any = port(port_kind="DICT", help="The second map to merge.")
    json_string: Any = port("", kind="string", help="The text to parse.")
    data: Any = port(help="The value to write as JSON; else `dict`.")

    def run(self, ctx: Context) -> Outputs:
        act = _ACTIONS.get(str(self.action).strip().lower())
        if act is None:
            raise NodeError(f"action: there is no {self.action!r}", ErrorCode.INVALID_INPUT)
        return act(self, ctx)

    def _map(self, ctx: Context) -> dict[Any, Any]:
        return as_map(ctx, self.source, "dict")

    def create_dict(self, ctx: Context) -> Outputs:
        pairs = ((self.key1, self.value1), (self.key2, self.value2), (self.key3, self.value3))
        made = {as_text(key): value for key, value in pairs if as_text(key)}
        return {"dict": made, "count": len(made)}

    def get_value(self, ctx: Context) -> Outputs:
        return self._found(dicts.look_up(self._map(ctx), dicts.required_key(self.key)))

    def get_property(self, ctx: Context) -> Outputs:
        path = as_text(self.path) or as_text(self.key)
        if not path:
            raise missing("path")
        return self._found(walk(self._map(ctx), path, as_text(self.separator) or "."))

    def _found(self, value: Any) -> Outputs:
        found = value is not MISSING
        return {"value": value if found else self.default_value, "found": found}

    def has_key(self, ctx: Context) -> Outputs:
        return {"has_key": dicts.get(self._map(ctx), self.key) is not MISSING}

    def get_keys(self, ctx: Context) -> Outputs:
        source = self._map(ctx)
        return {"keys": list(source), "count": len(source)}

    def get_values(self, ctx: Context) -> Outputs:
        source = self._map(ctx)
        return {"values": list(source.values()), "count": len(source)}

    def get_items(self, ctx: Context) -> Outputs:
        source = self._map(ctx)
        return {"items": dicts.items(source), "count": len(source)}

    def set_value(self, ctx: Context) -> Outputs:
        result = copy.deepcopy(dicts.optional_map(ctx, self.source, "dict"))
        holder, key = _holder(result, dicts.required_key(self.key), self.create_path)
        previous = holder.get(key, MISSING)
        holder[key] = self.value
        known = previous is not MISSING
        return {"dict": result, "previous": previous if known else None, "was_update": known}

    def remove_key(self, ctx: Context) -> Outputs:
        result = self._map(ctx)
        removed = result.pop(dicts.present_key(result, dicts.required_key(self.key)), MISSING)
        known = removed is not MISSING
        if not known and not self.ignore_missing:
            raise NodeError(f"key: the map has no {self.key!r}", ErrorCode.INVALID_INPUT)
        return {"dict": result, "removed_value": removed if known else None, "was_removed": known}

    def merge(self, ctx: Context) -> Outputs:
        first = self.source if self.dict1 is None else self.dict1
        merged = _merge(
            dicts.optional_map(ctx, first, "dict1"),
            dicts.optional_map(ctx, self.dict2, "dict2"),
            deep=self.deep_merge,
            overwrite=self.overwrite,
        )
        return {"merged": merged, "count": len(merged)}

    def parse_json(self, ctx: Context) -> Outputs:
        return {"data": parse_json(self.json_string, "json_string"), "success": True, "error": ""}

    def to_json(self, ctx: Context) -> Outputs:
        value = self.source if self.data is None else self.data
        text = to_json(value, self.indent, self.sort_keys, self.ensure_ascii)
        return {"json_string": text, "success": True}


_ACTIONS: dict[str, Callable[[DictSuperNode, Context], Outputs]] = {
    "create dict": DictSuperNode.create_dict,
    "get value": DictSuperNode.get_value,
    "get property": DictSuperNode.get_property,
    "has key": DictSuperNode.has_key,
    "get keys": DictSuperNode.get_keys,
    "get values": DictSuperNode.get_values,
    "get items": DictSuperNode.get_items,
    "set value": DictSuperNode.set_value,
    "remove key": DictSuperNode.remove_key,
    "merge": DictSuperNode.merge,
    "parse json": DictSuperNode.parse_json,
    "to json": DictSuperNode.to_json,
}


def _holder(source: dict[Any, Any], key: Any, create: bool) -> tuple[dict[Any, Any], Any]:
    """The map that holds the last name of a dotted *key*, and that name."""
    if not create or key in source or not isinstance(key, str) or "." not in key:
        return source, dicts.present_key(source, key)
    *outer, last = key.split(".")
    for name in outer:
        inner = source.get(name)
        if not isinstance(inner, dict):
            inner = source[name] = {}
        source = inner
    return source, last


def _merge(
    first: dict[Any, Any], second: dict[Any, Any], *, deep: bool, overwrite: bool
) -> dict[Any, Any]:
    merged = dict(first)
    for key, value in second.items():
        if deep and isinstance(merged.get(key), dict) and isinstance(value, dict):
            merged[key] = _merge(merged[key], value, deep=True, overwrite=overwrite)
        elif overwrite or key not in merged:
            merged[key] = value
    return merged
