"""Arithmetic on two numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.values.reading import Number, divide, number_or_none, optional_int, shown

#: Above this size a power is computed as a float, so that it ends.
_MAX_POWER_BITS = 100_000


def _power(a: Number, b: Number) -> Number:
    if isinstance(a, int) and isinstance(b, int) and 0 <= b * a.bit_length() <= _MAX_POWER_BITS:
        return int(a**b)
    return math.pow(a, b)


def _floor_divide(a: Number, b: Number) -> Number:
    return a // b


def _log(a: Number, b: Number) -> Number:
    return math.log(a, b) if b else math.log(a)


_OPERATIONS: dict[str, Callable[[Number, Number], Number]] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": divide,
    "floor_divide": _floor_divide,
    "power": _power,
    "modulo": lambda a, b: a % b,
    "min": min,
    "max": max,
    "abs": lambda a, b: abs(a),
    "sqrt": lambda a, b: math.sqrt(a),
    "floor": lambda a, b: math.floor(a),
    "ceil": lambda a, b: math.ceil(a),
    "round": lambda a, b: round(a),
    "sin": lambda a, b: math.sin(a),
    "cos": lambda a, b: math.cos(a),
    "tan": lambda a, b: math.tan(a),
    "log": _log,
    "log10": lambda a, b: math.log10(a),
    "exp": lambda a, b: math.exp(a),
    "negate": lambda a, b: -a,
}
_SPELLINGS = {
    **{"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "floor_divide"},
    **{"**": "power", "^": "power", "%": "modulo", "mod": "modulo", "pow": "power"},
    **{
        "addition": "add",
        "sum": "add",
        "plus": "add",
        "subtraction": "subtract",
        "sub": "subtract",
    },
    **{"minus": "subtract", "multiplication": "multiply", "mul": "multiply", "times": "multiply"},
    **{"division": "divide", "div": "divide", "modulus": "modulo", "absolute": "abs"},
}


class MathOperationNode(Node):
    """Compute one arithmetic or elementary mathematical operation.

    Whole numbers stay whole, also by a division that leaves no remainder.
    """

    category = "data"
    example = {"a": 50, "b": 2, "operation": "divide"}
    outputs = (Output("result", "FLOAT"),)
    operation: str = prop(
        "add", kind="choice", choices=tuple(_OPERATIONS), help="What to do with a and b."
    )
    a: Any = param(
        0.0, port_kind="FLOAT", help="A number, a numeral, or the name of a variable; else 0."
    )
    b: Any = param(0.0, port_kind="FLOAT", help="Like a. `log` with 0 is the natural logarithm.")
    round_digits: int | None = prop(
        None, kind="integer", minimum=0, help="Round the result to so many places."
    )
    #: A name that is none of the choices is a spelling of one, or fails.
    beyond_limits = frozenset({"operation"})
    output_var: str = prop("", kind="string", help="Store the result in this variable as well.")

    def run(self, ctx: Context) -> Outputs:
        digits = optional_int(self.round_digits, "round_digits")
        a, b = _operand(ctx, self.a, "a"), _operand(ctx, self.b, "b")
        # Who asks to round to places wants those, not the whole number.
        result = a if self._name() == "round" and digits else self._compute(a, b)
        if digits is not None:
            result = round(result, digits)
        if self.output_var:
            ctx.set_variable(self.output_var, result)
        return {"result": result}

    def _name(self) -> str:
        name = str(self.operation).strip().lower()
        return _SPELLINGS.get(name, name)

    def _compute(self, a: Number, b: Number) -> Number:
        name = self._name()
        compute = _OPERATIONS.get(name)
        if compute is None:
            raise NodeError(f"operation: there is no {name!r}", ErrorCode.INVALID_INPUT)
        try:
            return compute(a, b)
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            why = "division by zero" if isinstance(error, ZeroDivisionError) else error
            raise NodeError(
                f"{name} of {a} and {b}: {why}", ErrorCode.VALUE_OUT_OF_RANGE, business=True
            ) from error


def _operand(ctx: Context, value: Any, name: str) -> Number:
    found = number_or_none(value)
    if found is None and isinstance(value, str) and value.strip():
        found = number_or_none(ctx.get_variable(value.strip(), None))
    if found is None:
        if value not in (None, ""):
            ctx.log(f"{name}: {shown(value)} is no number and counts as 0", level="warning")
        return 0
    return found
