"""Compare two values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.values.reading import compare

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_WORDS = {
    "equals": "==",
    "not equals": "!=",
    "greater than": ">",
    "less than": "<",
    "greater or equal": ">=",
    "greater than or equal": ">=",
    "less or equal": "<=",
    "less than or equal": "<=",
}


class ComparisonNode(Node):
    """Compare two values with a relational operator.

    Text and numbers are never equal, and have no order.
    """

    category = "data"
    example = {"a": 3, "b": 2, "operator": ">"}
    outputs = (Output("result", "BOOLEAN"),)
    a: Any = param(None, help="The left value.")
    b: Any = param(None, help="The right value.")
    operator: str = prop(
        "==",
        kind="choice",
        choices=(
            *("==", "equals (==)", "!=", "not equals (!=)"),
            *(">", "greater than (>)", "<", "less than (<)"),
            *(">=", "greater or equal (>=)", "<=", "less or equal (<=)"),
        ),
        help="A symbol such as `>=`, or a label that ends with one in brackets.",
    )

    def run(self, ctx: Context) -> Outputs:
        symbol = _symbol(str(self.operator))
        test = _OPERATORS[symbol]
        return {"result": bool(compare(lambda: test(self.a, self.b), f"a {symbol} b"))}


def _symbol(text: str) -> str:
    """`greater than (>)`, `greater_than` and `>` are all `>`."""
    plain = text.strip().lower()
    inside = plain[plain.rfind("(") + 1 :].rstrip(")").strip()
    symbol = _WORDS.get(plain.replace("_", " "), inside)
    if symbol == "=":
        symbol = "=="
    if symbol not in _OPERATORS:
        raise NodeError(f"operator: there is no {text!r}", ErrorCode.INVALID_INPUT)
    return symbol
