"""Reading and writing the run's variables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop

_TRUE = frozenset({"true", "1", "yes", "on"})


class SetVariableNode(Node):
    """Store a value in a variable.

    `variable_type` converts it: Boolean (true, 1, yes, on), Int32, Float and FilePath; Object and
    Dict read JSON text and put other scalars into `{"value": x}`; Array and List read JSON text,
    else split it at commas; DataTable reads JSON text. String leaves the value as it is. A value
    that cannot be converted is stored as it is, with a warning.
    """

    category = "variable"
    example = {"variable_name": "greeting", "value": "hello"}
    variable_name: str = param(None, kind="string", required=True, help="the variable")
    value: Any = port(None, kind="any", help="the value")
    default_value: Any = prop(None, kind="any", help="stored if there is no value")
    variable_type: str = prop(
        "String",
        kind="choice",
        choices=(
            *("String", "Boolean", "Int32", "Float", "Object", "Array", "List", "Dict"),
            *("FilePath", "DataTable"),
        ),
        help="what to convert the value to",
    )
    outputs = (Output("value", "ANY"),)

    def run(self, ctx: Context) -> Outputs:
        value = self.default_value if self.value is None else self.value
        if self.variable_type != "String" and value is not None:
            value = self._converted(value, ctx)
        ctx.set_variable(self.variable_name, value)
        return {"value": value}

    def _converted(self, value: Any, ctx: Context) -> Any:
        convert = _CONVERSIONS.get(self.variable_type)
        try:
            return value if convert is None else convert(value)
        except (TypeError, ValueError, OverflowError):
            ctx.log(f"the value is no {self.variable_type} and is stored as it is", "warning")
            return value


def _boolean(value: Any) -> bool:
    return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)


def _integer(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        return int(float(value))


def _from_json(text: str, *kinds: type) -> Any:
    found = json.loads(text)
    if not isinstance(found, kinds):
        raise ValueError(f"not one of {kinds}")
    return found


def _map(value: Any) -> Any:
    if isinstance(value, str):
        return _from_json(value, dict, list)
    return value if isinstance(value, (Mapping, list)) else {"value": value}


def _list(value: Any) -> Any:
    if not isinstance(value, str):
        return list(value) if isinstance(value, (tuple, set, range)) else value
    try:
        return _from_json(value, list)
    except ValueError:
        return [part.strip() for part in value.split(",")]


def _table(value: Any) -> Any:
    return _from_json(value, list, dict) if isinstance(value, str) else value


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": _boolean,
    "Int32": _integer,
    "Float": float,
    "FilePath": str,
    "Object": _map,
    "Dict": _map,
    "Array": _list,
    "List": _list,
    "DataTable": _table,
}


class GetVariableNode(Node):
    """Read a variable.

    `default_value` is given if it is missing or None.
    """

    category = "variable"
    example = {"variable_name": "greeting", "default_value": "hello"}
    variable_name: str = param(None, kind="string", required=True, help="the variable or a path")
    default_value: Any = prop(None, kind="any", help="given if there is no value")
    outputs = (Output("value", "ANY"),)

    def run(self, ctx: Context) -> Outputs:
        value = ctx.get_variable(self.variable_name)
        return {"value": self.default_value if value is None else value}


class IncrementVariableNode(Node):
    """Add a number to a variable; a missing one counts as 0.

    The result is an integer if both are.
    """

    category = "variable"
    example = {"variable_name": "count", "increment": 2}
    variable_name: str = param(None, kind="string", required=True, help="the variable")
    # The number 1 as an integer: the default must not turn a count into a float.
    increment: float = param(1, kind="number", help="what to add")
    outputs = (Output("value", "FLOAT"),)

    def run(self, ctx: Context) -> Outputs:
        current = ctx.get_variable(self.variable_name)
        value = _number(0 if current is None else current, self.variable_name)
        value += _number(self.increment, "increment")
        ctx.set_variable(self.variable_name, value)
        return {"value": value}


def _number(value: Any, name: str) -> int | float:
    if isinstance(value, (int, float)):
        return value
    try:
        return int(value)
    except (TypeError, ValueError):
        pass
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise NodeError(f"{name}: {value!r} is no number", ErrorCode.TYPE_MISMATCH) from None
    if not math.isfinite(number):
        raise NodeError(f"{name}: {value!r} is no number", ErrorCode.TYPE_MISMATCH)
    return number
