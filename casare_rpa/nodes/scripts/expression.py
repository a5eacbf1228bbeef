"""One expression, evaluated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._values import as_map
from casare_rpa.nodes.base import Context, Json, Node, NodeError, Output, Outputs, raw, unlisted

_MAX_ITEMS = 1_000_000
_MAX_WIDTH = 10_000
_MAX_BITS = 100_000


class EvalExpressionNode(Node):
    """Evaluate one expression and return its value and the name of its type.

    Restricted Python: literals, arithmetic, comparisons, `and or not in is`, indexing, methods of
    texts, and the functions abs all any bin bool chr dict enumerate filter float format hex int
    len list map max min oct ord pow range repr reversed round set slice sorted str sum tuple type
    zip. Variables are visible by name, those of `variables` first; a `{{placeholder}}` stands for
    its value, whatever its type. An expression that fails fails the node.
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
            value = ctx.evaluate(value, {**FUNCTIONS, **names})
        return {"result": value, "type": type(value).__name__, "success": True, "error": ""}


def _format(value: Any, form: str = "") -> str:
    digits = "".join(c if c.isdigit() else " " for c in form).split()
    if any(len(d) > 6 or int(d) > _MAX_WIDTH for d in digits):
        raise ValueError(f"a width over {_MAX_WIDTH}")
    return format(value, form)


def _power(base: Any, exponent: Any, modulus: int | None = None) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and modulus is None:
        if base.bit_length() * abs(exponent) > _MAX_BITS:
            raise ValueError(f"a power beyond {_MAX_BITS} bits")
    elif not all(isinstance(n, int | float) for n in (base, exponent)):
        raise TypeError("only numbers have powers")
    return pow(base, exponent, modulus) if modulus is not None else pow(base, exponent)


def _range(*limits: int) -> range:
    made = range(*limits)
    if len(made) > _MAX_ITEMS:
        raise ValueError(f"a range of more than {_MAX_ITEMS} items")
    return made


def _type(value: Any) -> type:
    return type(value)


def _eager(function: Callable[..., Iterable[Any]]) -> Callable[..., list[Any]]:
    """Lists instead of iterators: a result is kept, shown and read again."""
    return lambda *args, **more: list(function(*args, **more))


#: By name for calls, and as values for `map(str, rows)`.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f.__name__: f for f in (abs, all, any, bin, bool, chr, dict, float, hex, int, len, list)},
    **{f.__name__: f for f in (max, min, oct, ord, repr, round, set, slice, sorted, str, sum)},
    "tuple": tuple,
    "format": _format,
    "pow": _power,
    "range": _range,
    "type": _type,
    **{f.__name__: _eager(f) for f in (enumerate, filter, map, reversed, zip)},
}
