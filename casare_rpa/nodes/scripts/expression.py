"""One expression, evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, raw, unlisted
from casare_rpa.nodes.values.bounded import power, range_of, rounded, total
from casare_rpa.nodes.values.reading import as_map

_MAX_WIDTH = 10_000


class EvalExpressionNode(Node):
    """Evaluate one expression and return its value and the name of its type.

    Restricted Python: literals, arithmetic, comparisons, `and or not in is`, indexing,
    comprehensions, f-strings, lambdas as arguments, methods of texts, and the functions abs all any
    bin bool chr dict enumerate filter float format hex int len list map max min oct ord pow range
    repr reversed round set slice sorted str sum tuple type zip. Variables are visible by name,
    those of `variables` first; a `{{placeholder}}` stands for its value, whatever its type. Alone
    it may hold a text that is the expression. An expression that fails fails the node.
    """

    category = "scripts"
    example = {"expression": "len(rows) * 2", "variables": {"rows": [1, 2]}}
    aliases = ("EvaluateExpressionNode",)
    expression: Any = raw("", kind="string", required=True, help="The expression.")
    variables: Json = unlisted({}, kind="json", help="More names for the expression.")
    outputs = (
        Output("result", "ANY"),
        Output("type", "STRING"),
        Output("success", "BOOLEAN"),
        Output("error", "STRING"),
    )

    def run(self, ctx: Context) -> Outputs:
        names = as_map(ctx, self.variables, "variables") if self.variables else {}
        value = self.expression
        if isinstance(value, str):
            if not value.strip():
                raise NodeError("expression is empty", ErrorCode.EXPRESSION_ERROR)
            value = ctx.evaluate(value, {**FUNCTIONS, **names}, full=True)
            if callable(value) and not isinstance(value, type):
                raise NodeError("the value is a function", ErrorCode.EXPRESSION_ERROR)
        return {"result": value, "type": type(value).__name__, "success": True, "error": ""}


def _format(value: Any, form: str = "") -> str:
    digits = "".join(c if c.isdigit() else " " for c in form).split()
    if any(len(d) > 6 or int(d) > _MAX_WIDTH for d in digits):
        raise ValueError(f"a width over {_MAX_WIDTH}")
    return format(value, form)


def _type(value: Any) -> type:
    return type(value)


def _eager(function: Callable[..., Iterable[Any]]) -> Callable[..., list[Any]]:
    """Lists instead of iterators: a result is kept, shown and read again."""
    return lambda *args, **more: list(function(*args, **more))


#: By name for calls, and as values for `map(str, rows)`.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (abs, all, any, bin, bool, chr, dict, float, hex, int, len, list)},
    **{f.__name__: f for f in (max, min, oct, ord, repr, set, slice, sorted, str)},
    "tuple": tuple,
    "format": _format,
    "pow": power,
    "range": range_of,
    "round": rounded,
    "sum": total,
    "type": _type,
    **{f.__name__: _eager(f) for f in (enumerate, filter, map, reversed, zip)},
}
