"""Expressions of one item of a list, or of what was folded so far and an item."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from casare_rpa.nodes.base import Context, NodeError

#: People write these as functions of Python or JavaScript too; the names are all that differs.
_WRITTEN = re.compile(r"\s*(?:lambda\s+([^:]+):|\(?([\w\s,]+)\)?\s*=>)(.*)", re.DOTALL)
_IN_BRACES = re.compile(r"\{\{\s*((?:item|x|value|index)\b[^{}]*?)\s*\}\}")


class ItemFunction:
    """An expression as a function of one value (an item) or two (so far, and an item)."""

    def __init__(self, ctx: Context, text: str) -> None:
        self._ctx = ctx
        written = _WRITTEN.fullmatch(text)
        names = (written[1] or written[2]) if written else ""
        self._names = [n.strip() for n in names.split(",") if n.strip()]
        self._text = _IN_BRACES.sub(r"\1", written[3] if written else text).strip()

    def __call__(self, values: tuple[Any, ...], more: dict[str, Any]) -> Any:
        usual = ("item", "x", "value") if len(values) == 1 else ("acc", "a", "x")
        names = dict.fromkeys(usual, values[0]) | more
        if len(values) == 2:
            names |= dict.fromkeys(("item", "b", "y"), values[1])
        names |= dict(zip(self._names, values, strict=False))
        return self._ctx.evaluate(self._text, names)


def name_in(ctx: Context, text: str) -> str:
    """What *text* comes to where it names an operation; one with `{{item}}` is an expression."""
    return text if _IN_BRACES.search(text) else str(ctx.resolve(text))


def lenient(ctx: Context, text: str, fallback: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of an item; where the expression fails, *fallback*, with one warning."""
    function = ItemFunction(ctx, text)
    warned = False

    def evaluate(item: Any) -> Any:
        nonlocal warned
        try:
            return function((item,), {})
        except NodeError as error:
            if not warned:
                ctx.log(f"the expression is not used: {error.message}", level="warning")
            warned = True
            return fallback(item)

    return evaluate
