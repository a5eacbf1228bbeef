"""Reading and writing the run's variables."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from casare_rpa.domain.booleans import is_on
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Output, Outputs, param, port, prop
from casare_rpa.nodes.values.reading import number_or_none

#: Types as other programs call them; `Any` and its like leave the value as it is.
_TYPE_WORDS = {
    **dict.fromkeys(("string", "str", "text", "any"), "String"),
    **dict.fromkeys(("bool", "flag"), "Boolean"),
    **dict.fromkeys(("integer", "int", "int64", "long"), "Int32"),
    **dict.fromkeys(("double", "decimal"), "Float"),
    **dict.fromkeys(("json", "dictionary", "map"), "Object"),
    "path": "FilePath",
    "number": "Number",
}
_NAMES = ("name", "variable")


class SetVariableNode(Node):
    """Store a value in a variable.

    `variable_type` converts it: Boolean (true, 1, yes, on), Int32, Float and FilePath; Object and
    Dict read JSON text and put other scalars into `{"value": x}`; Array and List read JSON text,
    else split it at commas; DataTable reads JSON text. String leaves the value as it is. A value
    that cannot be converted is stored as it is, with a warning.
    """

    category = "variable"
    example = {"variable_name": "greeting", "value": "hello"}
    variable_name: str = param(
        None, kind="string", required=True, aliases=_NAMES, help="the variable"
    )
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
    #: A name that is none of the choices is a spelling of one, or converts nothing.
    beyond_limits = frozenset({"variable_type"})
    outputs = (Output("value", "ANY"),)

    def run(self, ctx: Context) -> Outputs:
        value = self.default_value if self.value is None else self.value
        kind = str(self.variable_type)
        kind = _TYPE_WORDS.get(kind.strip().lower(), kind)
        if kind != "String" and value is not None:
            value = _converted(value, kind, ctx)
        ctx.set_variable(self.variable_name, value)
        return {"value": value}


def _converted(value: Any, kind: str, ctx: Context) -> Any:
    convert = _CONVERSIONS.get(kind)
    if convert is None:
        ctx.log(f"variable_type: there is no {kind!r}; the value is stored as it is", "warning")
        return value
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError):
        ctx.log(f"the value is no {kind} and is stored as it is", "warning")
        return value


def _integer(value: Any) -> int:
    try:
        return int(value)
    except ValueError:
        return int(float(value))


def _numeral(value: Any) -> int | float:
    found = number_or_none(value)
    if found is None:
        raise ValueError(f"{value!r} is no number")
    return found


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
        return [part.strip() for part in value.split(",")] if value.strip() else []


def _table(value: Any) -> Any:
    return _from_json(value, list, dict) if isinstance(value, str) else value


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "Boolean": is_on,
    "Int32": _integer,
    "Float": float,
    "Number": _numeral,
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
    variable_name: str = param(
        None, kind="string", required=True, aliases=_NAMES, help="the variable or a path"
    )
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
    variable_name: str = param(
        None, kind="string", required=True, aliases=_NAMES, help="the variable"
    )
    # The number 1 as an integer: the default must not turn a count into a float.
    increment: float = param(1, kind="number", help="what to add")
    outputs = (Output("value", "FLOAT"),)

    def run(self, ctx: Context) -> Outputs:
        current = ctx.get_variable(self.variable_name)
        value = _number(0 if current is None else current, self.variable_name)
        more = _number(self.increment, "increment")
        # A designer writes every step as a float: 1.0 more than an integer is still one.
        whole = isinstance(value, int) and isinstance(more, float) and more.is_integer()
        value += int(more) if whole else more
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
