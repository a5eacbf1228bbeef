"""JSON text to values and back."""

from __future__ import annotations

import json
from typing import Any

from casare_rpa.domain.json_values import json_safe
from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, port, prop
from casare_rpa.nodes.values.reading import as_map, missing, parse_json


class JsonParseNode(Node):
    """Parse JSON text into a value; a value that is none stays as it is."""

    category = "data"
    aliases = ("ParseJSONNode",)
    example = {"json_string": '{"a": [1, 2]}'}
    outputs = (Output("data"),)
    json_string: Any = param("", kind="text", help="The JSON text.")

    def run(self, ctx: Context) -> Outputs:
        if self.json_string is None:
            raise missing("json_string")
        return {"data": parse_json(self.json_string, "json_string")}


class DictToJsonNode(Node):
    """Serialise a map to JSON text; what JSON cannot say becomes text."""

    category = "data"
    example = {"dict": {"a": 1}}
    outputs = (Output("json_string", "STRING"),)
    value: Any = port(key="dict", port_kind="DICT", required=True, help="The map.")
    indent: int | None = param(
        None, kind="integer", minimum=0, help="Spaces a level; without, all on one line."
    )
    sort_keys: bool = prop(False, kind="boolean", help="Order the keys.")
    ensure_ascii: bool = prop(
        True, kind="boolean", help="Write characters beyond ASCII as \\u escapes."
    )

    def run(self, ctx: Context) -> Outputs:
        value = self.value
        if not isinstance(value, (list, tuple)):
            value = as_map(ctx, value, "dict")
        return {"json_string": to_json(value, self.indent, self.sort_keys, self.ensure_ascii)}


def to_json(value: Any, indent: int | None, sort_keys: bool, ensure_ascii: bool) -> str:
    """JSON text of any value; NaN, cycles and odd keys become text, an indent of 0 is none."""

    def dumps(given: Any) -> str:
        return json.dumps(
            given,
            indent=indent or None,
            sort_keys=sort_keys,
            ensure_ascii=ensure_ascii,
            allow_nan=False,
            default=str,
        )

    try:
        return dumps(value)
    except (TypeError, ValueError, RecursionError):
        return dumps(json_safe(value))
