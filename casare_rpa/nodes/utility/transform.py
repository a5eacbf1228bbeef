"""Convert a value by a named transform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from casare_rpa.domain.booleans import is_on
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.data.dicts import get
from casare_rpa.nodes.data.json_ import to_json
from casare_rpa.nodes.data.lists import at
from casare_rpa.nodes.data.regexes import compile_pattern, searchable
from casare_rpa.nodes.values.reading import (
    MISSING,
    as_list,
    as_map,
    as_number,
    as_text,
    missing,
    parse_json,
    walk,
)

Transform = Callable[[Context, Any, Any], Any]


def _to_integer(ctx: Context, value: Any, param: Any) -> int:
    try:
        return int(as_number(value, "value"))
    except (ValueError, OverflowError) as error:
        raise NodeError(f"value: {error}", ErrorCode.TYPE_MISMATCH) from error


def _to_boolean(ctx: Context, value: Any, param: Any) -> bool:
    return is_on(value)


def _to_list(ctx: Context, value: Any, param: Any) -> list[Any]:
    """A text that is no list becomes a list of one, and a map a list of its values."""
    if isinstance(value, Mapping):
        return list(value.values())
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(as_text(param) or ",")] if value else []
    return as_list(ctx, value, "value")


def _replace(ctx: Context, value: Any, param: Any) -> str:
    change = as_map(ctx, param, "param")
    if not as_text(change.get("old")):
        raise missing("param.old")
    return as_text(value).replace(as_text(change["old"]), as_text(change.get("new")))


def _regex_extract(ctx: Context, value: Any, param: Any) -> Any:
    """The first group of the first match, or the match without groups; None without a match."""
    found = compile_pattern(param).search(searchable(value))
    if found is None:
        return None
    return found[1] if found.re.groups else found[0]


def _get_key(ctx: Context, value: Any, param: Any) -> Any:
    source = as_map(ctx, value, "value")
    found = get(source, param)
    found = walk(source, as_text(param)) if found is MISSING else found
    return None if found is MISSING else found


def _get_index(ctx: Context, value: Any, param: Any) -> Any:
    items = value if isinstance(value, str) else as_list(ctx, value, "value")
    index = _to_integer(ctx, 0 if param in (None, "") else param, None)
    return items[index] if -len(items) <= index < len(items) else None


_TRANSFORMS: dict[str, Transform] = {
    "to_string": lambda ctx, value, param: as_text(value),
    "to_integer": _to_integer,
    "to_float": lambda ctx, value, param: float(as_number(value, "value")),
    "to_boolean": _to_boolean,
    "to_list": _to_list,
    "to_json": lambda ctx, value, param: to_json(value, None, False, False),
    "from_json": lambda ctx, value, param: parse_json(value, "value"),
    "uppercase": lambda ctx, value, param: as_text(value).upper(),
    "lowercase": lambda ctx, value, param: as_text(value).lower(),
    "trim": lambda ctx, value, param: as_text(value).strip(),
    "split": lambda ctx, value, param: as_text(value).split(as_text(param) or ","),
    "join": lambda ctx, value, param: (as_text(param) if param is not None else ",").join(
        as_text(item) for item in as_list(ctx, value, "value")
    ),
    "replace": _replace,
    "regex_extract": _regex_extract,
    "get_key": _get_key,
    "get_index": _get_index,
    "map_values": lambda ctx, value, param: [
        at(item, param) for item in as_list(ctx, value, "value")
    ],
    "filter_values": lambda ctx, value, param: [
        item for item in as_list(ctx, value, "value") if item is not None and item != ""
    ],
}


_SPELLINGS = {
    **{"to_upper": "uppercase", "upper": "uppercase", "to_lower": "lowercase"},
    **{"lower": "lowercase", "to_int": "to_integer", "strip": "trim", "parse_json": "from_json"},
}


class TransformNode(Node):
    """Convert a value with a named transform, and store it in a variable.

    `split` and `join` take the separator as parameter (a comma without one), `replace` an object
    with `old` and `new`, `regex_extract` a pattern, `get_key` and `map_values` a key, `get_index`
    an index. A value that cannot be converted fails the node.
    """

    category = "utility"
    example = {"value": "a,b", "transform_type": "split"}
    outputs = (Output("result"), Output("success", "BOOLEAN"), Output("error", "STRING"))
    value: Any = param(None, required=True, help="What to convert.")
    param: Any = param(None, help="What the transform needs beyond the value.")
    transform_type: str = prop(
        "to_string", kind="choice", choices=tuple(_TRANSFORMS), help="The transform."
    )
    transform_param: Any = prop(None, help="As param, which wins.")
    #: A name that is none of the choices is a spelling of one, or fails.
    beyond_limits = frozenset({"transform_type"})
    variable_name: Any = prop("transformed", kind="string", help="Where to store the result.")

    def run(self, ctx: Context) -> Outputs:
        name = as_text(self.transform_type).strip().lower()
        name = _SPELLINGS.get(name, name)
        transform = _TRANSFORMS.get(name)
        if transform is None:
            raise NodeError(f"transform_type: there is no {name!r}", ErrorCode.INVALID_INPUT)
        given = self.transform_param if self.param is None else self.param
        result = transform(ctx, self.value, given)
        if as_text(self.variable_name).strip():
            ctx.set_variable(as_text(self.variable_name).strip(), result)
        return {"result": result, "success": True, "error": ""}
