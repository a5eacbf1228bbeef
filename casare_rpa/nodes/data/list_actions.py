"""One node for all operations on lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop, raw
from casare_rpa.nodes.data import lists
from casare_rpa.nodes.data._functions import ItemFunction
from casare_rpa.nodes.data.list_folds import fold
from casare_rpa.nodes.values.reading import (
    as_int,
    as_list,
    as_text,
    missing,
    optional_int,
    unescaped,
)


class ListSuperNode(Node):
    """Do one of many operations on lists, chosen by `action`.

    Each action fills its own outputs. An expression of Filter and Map sees `item` (also as `x`)
    and `index`; one of a custom Reduce sees `acc` and `item` (also as `a` and `b`).
    """

    category = "data"
    example = {"action": "Filter", "list": [5, 25], "expression": "item > 20"}
    outputs = (
        *(Output("item"), Output("found", "BOOLEAN"), Output("list", "LIST")),
        *(Output("length", "INTEGER"), Output("is_empty", "BOOLEAN")),
        *(Output("contains", "BOOLEAN"), Output("index", "INTEGER"), Output("count", "INTEGER")),
        *(Output("slice", "LIST"), Output("sorted", "LIST"), Output("reversed", "LIST")),
        *(Output("unique", "LIST"), Output("duplicates_removed", "INTEGER")),
        *(Output("filtered", "LIST"), Output("rejected", "LIST"), Output("mapped", "LIST")),
        *(Output("result"), Output("flattened", "LIST")),
    )
    action: str = prop(
        "Get Item",
        kind="choice",
        choices=(
            *("Create List", "Get Item", "Length", "Contains", "Append", "Slice", "Sort"),
            *("Reverse", "Unique", "Filter", "Map", "Reduce", "Flatten", "Join"),
        ),
        help="What to do.",
    )
    source: Any = param(key="list", kind="list", help="The list to work on.")
    index: Any = param(kind="integer", help="The index of Get Item, counted from 0.")
    default_value: Any = prop("", kind="string", help="The item if the index is outside.")
    step: Any = prop(1, kind="integer", help="The step of Slice.")
    descending: bool = prop(False, kind="boolean", help="Sort largest first.")
    preserve_order: bool = prop(True, kind="boolean", help="Unique keeps the order; else sorts.")
    expression: Any = raw("", kind="text", help="An expression for Filter, Map and Reduce.")
    depth: Any = prop(-1, kind="integer", help="Levels to flatten; -1 takes all.")
    separator: Any = prop(", ", kind="string", help="Goes between joined items.")
    extend: bool = prop(False, kind="boolean", help="Append the items of a list one by one.")
    negative_index: bool = prop(True, kind="boolean", help="Let -1 be the last item.")
    sort_key: Any = prop("", kind="string", help=lists.KEY_PATH_HELP)
    reduce_operation: str = prop(
        "sum",
        kind="choice",
        choices=("sum", "product", "min", "max", "concat", "custom"),
        help="How to fold; custom takes the expression.",
    )
    position: str = prop(
        "end", kind="choice", choices=("end", "start", "index"), help="Where to add."
    )
    insert_index: Any = prop(0, kind="integer", help="The index for position `index`.")
    item1: Any = port(aliases=("item_1",), help="The first item of a new list.")
    item2: Any = port(aliases=("item_2",), help="The second item.")
    item3: Any = port(aliases=("item_3",), help="The third item.")
    item: Any = port(help="The item to look for or to add.")
    start: Any = port(kind="integer", help="Where Slice starts.")
    end: Any = port(kind="integer", help="Where Slice ends; this item is not part of it.")
    initial: Any = port(help="The first value of Reduce.")

    def run(self, ctx: Context) -> Outputs:
        act = _ACTIONS.get(str(self.action).strip().lower())
        if act is None:
            raise NodeError(f"action: there is no {self.action!r}", ErrorCode.INVALID_INPUT)
        return act(self, ctx)

    def _list(self, ctx: Context) -> list[Any]:
        return as_list(ctx, self.source, "list")

    def create_list(self, ctx: Context) -> Outputs:
        items = [i for i in (self.item1, self.item2, self.item3) if i is not None]
        return _sized("list", items)

    def get_item(self, ctx: Context) -> Outputs:
        items = self._list(ctx)
        if self.index is None:
            raise missing("index")
        index = as_int(self.index, "index")
        found = (-len(items) if self.negative_index else 0) <= index < len(items)
        return {"item": items[index] if found else self.default_value, "found": found}

    def length(self, ctx: Context) -> Outputs:
        items = self._list(ctx)
        return {"length": len(items), "is_empty": not items}

    def contains(self, ctx: Context) -> Outputs:
        items = self._list(ctx)
        index = lists.find(items, self.item)
        count = sum(1 for item in items if lists.same(item, self.item))
        return {"contains": index >= 0, "index": index, "count": count}

    def append(self, ctx: Context) -> Outputs:
        items = lists.optional_list(ctx, self.source)
        more = [self.item]
        if self.extend and isinstance(self.item, (list, tuple)):
            more = list(self.item)
        position = str(self.position).strip().lower()
        at = {"end": len(items), "start": 0}.get(position)
        at = as_int(self.insert_index, "insert_index") if at is None else at
        items[at:at] = more
        return _sized("list", items)

    def slice(self, ctx: Context) -> Outputs:
        start, end = optional_int(self.start, "start"), optional_int(self.end, "end")
        step = as_int(self.step, "step")
        if step == 0:
            raise NodeError("step must not be 0", ErrorCode.VALUE_OUT_OF_RANGE)
        return _sized("slice", self._list(ctx)[start:end:step])

    def sort(self, ctx: Context) -> Outputs:
        return _sized("sorted", lists.sort(self._list(ctx), self.sort_key, self.descending))

    def reverse(self, ctx: Context) -> Outputs:
        return _sized("reversed", self._list(ctx)[::-1])

    def unique(self, ctx: Context) -> Outputs:
        items = self._list(ctx)
        kept = lists.unique(items)
        if not self.preserve_order:
            kept = lists.sort(kept)
        return _sized("unique", kept) | {"duplicates_removed": len(items) - len(kept)}

    def filter(self, ctx: Context) -> Outputs:
        kept: list[Any] = []
        rejected: list[Any] = []
        test = self._expression(ctx, "item is not None")
        for index, item in enumerate(self._list(ctx)):
            (kept if test((item,), {"index": index}) else rejected).append(item)
        return _sized("filtered", kept) | {"rejected": rejected}

    def map(self, ctx: Context) -> Outputs:
        change = self._expression(ctx, "item")
        items = self._list(ctx)
        return _sized("mapped", [change((item,), {"index": i}) for i, item in enumerate(items)])

    def reduce(self, ctx: Context) -> Outputs:
        items = self._list(ctx)
        name = str(self.reduce_operation).strip().lower()
        if name == "custom":
            return {"result": self._reduce_custom(ctx, items)}
        if name == "concat":
            return {"result": _concatenate(items, self.initial)}
        return {"result": fold(name, [i for i in items if i is not None], self.initial)}

    def _reduce_custom(self, ctx: Context, items: list[Any]) -> Any:
        combine = self._expression(ctx, "")
        if self.initial is None and not items:
            return None
        first = items.pop(0) if self.initial is None else self.initial
        for index, item in enumerate(items):
            first = combine((first, item), {"index": index})
        return first

    def _expression(self, ctx: Context, default: str) -> ItemFunction:
        text = as_text(self.expression).strip() or default
        if not text:
            raise missing("expression")
        return ItemFunction(ctx, text)

    def flatten(self, ctx: Context) -> Outputs:
        return _sized("flattened", lists.flatten(self._list(ctx), as_int(self.depth, "depth")))

    def join(self, ctx: Context) -> Outputs:
        texts = (as_text(item) for item in self._list(ctx))
        return {"result": unescaped(as_text(self.separator)).join(texts)}


_ACTIONS: dict[str, Callable[[ListSuperNode, Context], Outputs]] = {
    "create list": ListSuperNode.create_list,
    "get item": ListSuperNode.get_item,
    "length": ListSuperNode.length,
    "contains": ListSuperNode.contains,
    "append": ListSuperNode.append,
    "slice": ListSuperNode.slice,
    "sort": ListSuperNode.sort,
    "reverse": ListSuperNode.reverse,
    "unique": ListSuperNode.unique,
    "filter": ListSuperNode.filter,
    "map": ListSuperNode.map,
    "reduce": ListSuperNode.reduce,
    "flatten": ListSuperNode.flatten,
    "join": ListSuperNode.join,
}


def _sized(port: str, items: list[Any]) -> Outputs:
    return {port: items, "length": len(items)}


def _concatenate(items: list[Any], initial: Any) -> Any:
    """The lists of a list as one list; anything else as one text."""
    if items and all(isinstance(item, list) for item in items):
        start = list(initial) if isinstance(initial, (list, tuple)) else []
        return [*start, *lists.flatten(items, 1)]
    return "".join(as_text(item) for item in [initial, *items])
