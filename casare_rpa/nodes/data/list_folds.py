"""Filter, map and fold lists by named operations."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, Param, param, port, raw
from casare_rpa.nodes.data._functions import lenient, name_in
from casare_rpa.nodes.data.lists import KEY_PATH_HELP, at, list_port, same
from casare_rpa.nodes.values.iteration import truth
from casare_rpa.nodes.values.reading import (
    Number,
    as_list,
    as_number,
    as_text,
    compare,
    divide,
    number_or_none,
)


def _ordered(test: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """A comparison that reads numerals as numbers (as tables hold them), and is false for None."""

    def decide(item: Any, value: Any) -> bool:
        if item is None or value is None:
            return False
        numbers = number_or_none(item), number_or_none(value)
        if None not in numbers:
            item, value = numbers
        elif isinstance(item, str) != isinstance(value, str):
            item, value = as_number(item, "item"), as_number(value, "value")
        return bool(compare(lambda: test(item, value), "value"))

    return decide


def _contains(item: Any, value: Any) -> bool:
    if isinstance(item, (list, tuple, dict)):
        return any(same(inner, value) for inner in item)
    return as_text(value) in as_text(item)


_CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": same,
    "not_equals": lambda item, value: not same(item, value),
    "contains": _contains,
    "starts_with": lambda item, value: as_text(item).startswith(as_text(value)),
    "ends_with": lambda item, value: as_text(item).endswith(as_text(value)),
    "greater_than": _ordered(operator.gt),
    "less_than": _ordered(operator.lt),
    "is_not_none": lambda item, value: item is not None,
    "is_none": lambda item, value: item is None,
    "is_truthy": lambda item, value: bool(item),
    "is_falsy": lambda item, value: not item,
}
_SYMBOLS = {
    **{"==": "equals", "=": "equals", "eq": "equals", "!=": "not_equals", "ne": "not_equals"},
    **{">": "greater_than", "gt": "greater_than", "<": "less_than", "lt": "less_than"},
    **{"not_none": "is_not_none", "not_empty": "is_truthy", "truthy": "is_truthy"},
}
#: `> 20`: the item is left out.
_BEGINS_WITH_COMPARISON = re.compile(r"\s*(?:[<>]=?|[=!]=)\s*\S")
_TRANSFORM_WORDS = {
    **{"string": "to_string", "str": "to_string", "int": "to_int", "integer": "to_int"},
    **{"to_integer": "to_int", "float": "to_float", "number": "to_float", "to_number": "to_float"},
    **{"upper": "to_upper", "uppercase": "to_upper", "lower": "to_lower", "lowercase": "to_lower"},
    **{"strip": "trim", "len": "length", "property": "get_property", "get": "get_property"},
}
_TRANSFORMS: dict[str, Callable[[Any], Any]] = {
    "get_property": lambda item: item,
    "to_string": as_text,
    "to_int": lambda item: _whole(as_number(item, "item")),
    "to_float": lambda item: float(as_number(item, "item")),
    "to_upper": lambda item: as_text(item).upper(),
    "to_lower": lambda item: as_text(item).lower(),
    "trim": lambda item: as_text(item).strip(),
    "length": lambda item: len(item) if hasattr(item, "__len__") else len(as_text(item)),
}


def _name_or_expression(first: str, choices: Iterable[str], help: str) -> Any:
    """A choice in whose place an expression of `item` may stand, so it is not filled in before."""
    item: Param = param(first, kind="choice", choices=tuple(choices), help=help)
    item.raw = True
    return item


def _expression(help: str) -> Any:
    item: Param = raw("", kind="text", help=help)
    item.property = False
    return item


class ListFilterNode(Node):
    """Split a list into the items that meet a condition and the rest.

    The condition may also be an expression of `item`, such as `item > 20`. A name that is unknown
    keeps everything.
    """

    category = "data"
    example = {"list": [5, 25], "condition": "greater_than", "value": 20}
    #: A condition that is none of the choices is a spelling of one, an expression, or said so.
    beyond_limits = frozenset({"condition"})
    outputs = (Output("result", "LIST"), Output("removed", "LIST"))
    source: Any = list_port()
    condition: Any = _name_or_expression("is_not_none", _CONDITIONS, "What an item must be.")
    value: Any = port(help="What the item is compared with.")
    key_path: Any = param("", kind="string", help=KEY_PATH_HELP)
    expression: Any = _expression("Such as `item > 20`, in the place of a condition.")

    def run(self, ctx: Context) -> Outputs:
        test = self._test(ctx)
        kept: list[Any] = []
        removed: list[Any] = []
        for item in as_list(ctx, self.source, "list"):
            (kept if test(at(item, self.key_path), self.value) else removed).append(item)
        return {"result": kept, "removed": removed}

    def _test(self, ctx: Context) -> Callable[[Any, Any], bool]:
        text = as_text(self.expression).strip() or as_text(self.condition)
        name = _operation_in(ctx, text, _SYMBOLS)
        if name in _CONDITIONS:
            return _CONDITIONS[name]
        if not text.strip() or name.isidentifier():
            ctx.log(f"condition: there is no {text!r}; everything is kept", level="warning")
            return lambda item, value: True
        if _BEGINS_WITH_COMPARISON.match(text):
            text = f"item {text}"
        decide = lenient(ctx, text, lambda item: True)
        return lambda item, value: truth(decide(item))


class ListMapNode(Node):
    """Apply a named transform to every item of a list, or an expression of `item`.

    A name that is unknown leaves the items as they are.
    """

    category = "data"
    example = {"list": ["a", "b"], "transform": "to_upper"}
    #: A transform that is none of the choices is a spelling of one, an expression, or said so.
    beyond_limits = frozenset({"transform"})
    outputs = (Output("result", "LIST"),)
    source: Any = list_port()
    transform: Any = _name_or_expression("to_string", _TRANSFORMS, "What to do with an item.")
    key_path: Any = param("", kind="string", help=KEY_PATH_HELP)
    expression: Any = _expression("Such as `item * 2`, in the place of a transform.")

    def run(self, ctx: Context) -> Outputs:
        change = self._change(ctx)
        items = as_list(ctx, self.source, "list")
        return {"result": [change(at(item, self.key_path)) for item in items]}

    def _change(self, ctx: Context) -> Callable[[Any], Any]:
        text = as_text(self.transform)
        name = _operation_in(ctx, text, _TRANSFORM_WORDS)
        named = _TRANSFORMS.get(name, lambda item: item)
        if expression := as_text(self.expression).strip():
            return lenient(ctx, expression, named)
        if name in _TRANSFORMS:
            return named
        if not text.strip() or name.isidentifier():
            ctx.log(f"transform: there is no {text!r}; the items stay as they are", level="warning")
            return named
        return lenient(ctx, text, named)


class ListReduceNode(Node):
    """Fold a list to one value; None is skipped.

    An empty list gives `initial`, else 0 for sum, product, avg and count, else None.
    """

    category = "data"
    example = {"list": [1, 2, 3], "operation": "sum"}
    #: A name that is none of the choices is a spelling of one, or fails.
    beyond_limits = frozenset({"operation"})
    outputs = (Output("result"),)
    source: Any = list_port()
    operation: str = param(
        "sum",
        kind="choice",
        choices=("sum", "product", "min", "max", "avg", "count", "first", "last", "join"),
        help="How to fold.",
    )
    key_path: Any = param("", kind="string", help=KEY_PATH_HELP)
    initial: Any = port(help="The first value; for join, the separator.")

    def run(self, ctx: Context) -> Outputs:
        found = (at(item, self.key_path) for item in as_list(ctx, self.source, "list"))
        items = [item for item in found if item is not None]
        return {"result": fold(_plain(self.operation), items, self.initial)}


def fold(name: str, items: list[Any], initial: Any = None) -> Any:
    """The value of the fold called *name*; `items` holds no None."""
    name = _FOLD_WORDS.get(name, name)
    if not items and name != "join":
        if initial is not None:
            return initial
        return 0 if name in ("sum", "product", "avg", "count") else None
    if name not in _FOLDS:
        raise NodeError(f"operation: there is no {name!r}", ErrorCode.INVALID_INPUT)
    return _FOLDS[name](items, initial)


def _sum(items: list[Any], initial: Any) -> Number:
    start: Number = 0 if initial in (None, "") else as_number(initial, "initial")
    return reduce(operator.add, _numbers(items), start)


def _product(items: list[Any], initial: Any) -> Number:
    start: Number = 1 if initial in (None, "") else as_number(initial, "initial")
    return reduce(operator.mul, _numbers(items), start)


def _extreme(
    choose: Callable[[Iterable[Any]], Any],
) -> Callable[[list[Any], Any], Any]:
    """min or max; of numbers and numerals the number, of anything else the item."""

    def chosen(items: list[Any], initial: Any) -> Any:
        numbers = [number_or_none(item) for item in items]
        values: list[Any] = items if None in numbers else list(numbers)
        return compare(lambda: choose(values), "list")

    return chosen


_FOLDS: dict[str, Callable[[list[Any], Any], Any]] = {
    "sum": _sum,
    "product": _product,
    "min": _extreme(min),
    "max": _extreme(max),
    "avg": lambda items, initial: divide(_sum(items, None), len(items)),
    "count": lambda items, initial: len(items),
    "first": lambda items, initial: items[0],
    "last": lambda items, initial: items[-1],
    "join": lambda items, initial: as_text(initial).join(as_text(item) for item in items),
}


_FOLD_WORDS = {
    **{"average": "avg", "mean": "avg", "total": "sum", "add": "sum", "multiply": "product"},
    **{"minimum": "min", "maximum": "max", "concat": "join", "concatenate": "join"},
}


def _numbers(items: list[Any]) -> list[Number]:
    return [as_number(item, f"list[{index}]") for index, item in enumerate(items)]


def _whole(number: Number) -> int:
    try:
        return int(number)
    except (ValueError, OverflowError) as error:
        raise NodeError(f"item: {error}", ErrorCode.TYPE_MISMATCH) from error


def _operation_in(ctx: Context, text: str, words: Mapping[str, str]) -> str:
    """The name of the operation that *text* is, if it is one, whichever of *words* it says."""
    name = _plain(name_in(ctx, text))
    return words.get(name, name)


def _plain(name: Any) -> str:
    """`Greater Than` and `greater-than` are `greater_than`."""
    return str(name).strip().lower().replace(" ", "_").replace("-", "_")
