"""Build, read and reorder lists. Every node works on a copy."""

from __future__ import annotations

from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, unlisted
from casare_rpa.nodes.data._numbered import numbered
from casare_rpa.nodes.values.reading import (
    MISSING,
    as_int,
    as_list,
    as_text,
    compare,
    number_or_none,
    optional_int,
    unescaped,
    walk,
)

KEY_PATH_HELP = "For a list of maps: the path of the value that counts."


def list_port(*, required: bool = True) -> Any:
    """The port `list`, taken as it comes: as_list reads it."""
    return port(
        key="list",
        port_kind="LIST",
        required=required,
        aliases=("items",),
        help="A list, a JSON or comma-separated list in text, or the name of a variable.",
    )


class CreateListNode(numbered("item"), Node):  # type: ignore[misc]  # its base is made
    """Build a list of the given items; those without a value are skipped.

    Three are listed; up to `item_20` are read, behind those of a list in `items`.
    """

    category = "data"
    example = {"item_1": "a", "item_2": "b"}
    outputs = (Output("list", "LIST"),)
    items: Any = unlisted(None, kind="list", help="A list that the items are added to.")

    def run(self, ctx: Context) -> Outputs:
        given = [] if self.items is None else as_list(ctx, self.items, "items")
        more = (getattr(self, name) for name in self.params if name != "items")
        return {"list": [item for item in (*given, *more) if item is not None]}


class ListLengthNode(Node):
    """Count the items of a list."""

    category = "data"
    example = {"list": [1, 2, 3]}
    outputs = (Output("length", "INTEGER"),)
    source: Any = list_port()

    def run(self, ctx: Context) -> Outputs:
        return {"length": len(as_list(ctx, self.source, "list"))}


class ListAppendNode(Node):
    """Return the list with one more item at the end; without a list, a list of the item."""

    category = "data"
    example = {"list": [1, 2], "item": 3}
    outputs = (Output("result", "LIST"),)
    source: Any = list_port(required=False)
    item: Any = port(aliases=("value",), help="The item to add.")

    def run(self, ctx: Context) -> Outputs:
        return {"result": [*optional_list(ctx, self.source), self.item]}


class ListContainsNode(Node):
    """Tell whether a list holds an item, and at which index; -1 where it does not."""

    category = "data"
    example = {"list": ["a", "b"], "item": "b"}
    outputs = (Output("contains", "BOOLEAN"), Output("index", "INTEGER"))
    source: Any = list_port()
    item: Any = port(aliases=("value",), help="The item to look for.")

    def run(self, ctx: Context) -> Outputs:
        index = find(as_list(ctx, self.source, "list"), self.item)
        return {"contains": index >= 0, "index": index}


class ListGetItemNode(Node):
    """Return the item at an index; -1 is the last one."""

    category = "data"
    example = {"list": ["a", "b"], "index": -1}
    outputs = (Output("item"),)
    source: Any = list_port()
    index: int = port(None, kind="integer", required=True, help="Counted from 0.")

    def run(self, ctx: Context) -> Outputs:
        items = as_list(ctx, self.source, "list")
        try:
            return {"item": items[as_int(self.index, "index")]}
        except IndexError as error:
            raise out_of_range(self.index, items) from error


class ListSliceNode(Node):
    """Return a part of a list: from `start` up to but not including `end`."""

    category = "data"
    example = {"list": [1, 2, 3, 4], "start": 1, "end": 3}
    outputs = (Output("result", "LIST"),)
    source: Any = list_port()
    start: int | None = port(0, kind="integer", help="Negative counts from the end.")
    end: int | None = port(None, kind="integer", help="Negative counts from the end.")

    def run(self, ctx: Context) -> Outputs:
        start, end = optional_int(self.start, "start"), optional_int(self.end, "end")
        return {"result": as_list(ctx, self.source, "list")[start:end]}


class ListReverseNode(Node):
    """Return the list in reverse order."""

    category = "data"
    example = {"list": [1, 2, 3]}
    outputs = (Output("result", "LIST"),)
    source: Any = list_port()

    def run(self, ctx: Context) -> Outputs:
        return {"result": as_list(ctx, self.source, "list")[::-1]}


class ListSortNode(Node):
    """Sort a list; items without the key, and None, come last."""

    category = "data"
    example = {"list": [{"n": 2}, {"n": 1}], "key_path": "n"}
    outputs = (Output("result", "LIST", aliases=("sorted_list",)),)
    source: Any = list_port()
    reverse: bool = param(False, kind="boolean", help="Largest first.")
    key_path: Any = param("", kind="string", help=KEY_PATH_HELP)

    def run(self, ctx: Context) -> Outputs:
        items = as_list(ctx, self.source, "list")
        return {"result": sort(items, self.key_path, self.reverse)}


class ListUniqueNode(Node):
    """Drop repeated items; the first of them stays where it is."""

    category = "data"
    example = {"list": [1, 2, 1]}
    outputs = (Output("result", "LIST", aliases=("unique_list",)),)
    source: Any = list_port()

    def run(self, ctx: Context) -> Outputs:
        return {"result": unique(as_list(ctx, self.source, "list"))}


class ListFlattenNode(Node):
    """Take the items of inner lists out of them, down to a depth."""

    category = "data"
    example = {"list": [1, [2, [3]]], "depth": 1}
    outputs = (Output("result", "LIST"),)
    source: Any = list_port()
    depth: int = param(1, kind="integer", minimum=1, help="How many levels.")

    def run(self, ctx: Context) -> Outputs:
        return {"result": flatten(as_list(ctx, self.source, "list"), as_int(self.depth, "depth"))}


class ListJoinNode(Node):
    """Join the items of a list to one text."""

    category = "data"
    example = {"list": ["a", "b"], "separator": "-"}
    outputs = (Output("result", "STRING"),)
    source: Any = list_port()
    separator: Any = param(
        ", ", kind="string", aliases=("delimiter",), help="Goes between the items."
    )

    def run(self, ctx: Context) -> Outputs:
        items = as_list(ctx, self.source, "list")
        separator = unescaped(as_text(self.separator))
        return {"result": separator.join(as_text(item) for item in items)}


def optional_list(ctx: Context, value: Any, name: str = "list") -> list[Any]:
    """As as_list, but nothing is an empty list."""
    return [] if value is None or value == "" else as_list(ctx, value, name)


def at(item: Any, key_path: Any) -> Any:
    """What *key_path* leads to inside *item*, None for nothing; the item without a path."""
    path = as_text(key_path)
    if not path:
        return item
    found = walk(item, path)
    return None if found is MISSING else found


def same(a: Any, b: Any) -> bool:
    """Equal, or a number and a numeral of the same value."""
    if isinstance(a, str) == isinstance(b, str):
        return bool(a == b)
    number = number_or_none(a)
    return number is not None and number == number_or_none(b)


def find(items: list[Any], wanted: Any) -> int:
    """The index of the first item equal to *wanted*, else of one that is the same, else -1."""
    for test in (lambda item: item == wanted, lambda item: same(item, wanted)):
        index = next((i for i, item in enumerate(items) if test(item)), -1)
        if index >= 0:
            return index
    return -1


def sort(items: list[Any], key_path: Any = "", reverse: bool = False) -> list[Any]:
    keyed = [(at(item, key_path), item) for item in items]
    present = [pair for pair in keyed if pair[0] is not None]
    present = compare(
        lambda: sorted(present, key=lambda pair: pair[0], reverse=bool(reverse)), "list"
    )
    return [item for _, item in present] + [item for key, item in keyed if key is None]


def unique(items: list[Any]) -> list[Any]:
    """The items without repetitions; those that cannot be hashed compare by their text."""
    seen: dict[Any, Any] = {}
    for item in items:
        seen.setdefault(_identity(item), item)
    return list(seen.values())


def flatten(items: list[Any], depth: int) -> list[Any]:
    """The list with *depth* levels of inner lists taken out; a negative depth takes all."""
    flat: list[Any] = []
    for item in items:
        if isinstance(item, (list, tuple)) and depth != 0:
            flat.extend(flatten(list(item), depth - 1))
        else:
            flat.append(item)
    return flat


def out_of_range(index: Any, items: list[Any]) -> NodeError:
    return NodeError(
        f"index: {index} is outside a list of {len(items)}", ErrorCode.VALUE_OUT_OF_RANGE
    )


def _identity(item: Any) -> Any:
    """What two repeated items have in common; True and 1 are not the same."""
    try:
        hash(item)
    except TypeError:
        return ("text", str(item))
    return (isinstance(item, bool), item)
