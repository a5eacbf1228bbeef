"""The variables a run starts with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.domain.workflow import Variable, Workflow


def starting_variables(
    workflow: Workflow, given: Mapping[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    """Declared values, overridden by those *given*, each as its declared type where possible.

    The second value are warnings about those that do not fit.
    """
    declared = {variable.name: variable for variable in workflow.variables}
    values = {name: variable.value for name, variable in declared.items()} | dict(given)
    warnings: list[str] = []
    for name, variable in declared.items():
        try:
            values[name] = _converted(variable, values[name])
        except ValueError:
            warnings.append(f"the variable '{name}' is no {variable.type} and stays as it is")
    return values, warnings


def _converted(variable: Variable, value: Any) -> Any:
    convert = _CONVERSIONS.get(variable.type.lower())
    return value if value is None or convert is None else convert(value)


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) else value


def _integer(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            value = float(value)
            if not value.is_integer():
                raise
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else value


def _boolean(value: Any) -> Any:
    if isinstance(value, (int, float)):
        return bool(value)
    if not isinstance(value, str):
        return value
    said = text_as_boolean(value)
    if said is None:
        raise ValueError(value)
    return said


def _json(kind: type) -> Callable[[Any], Any]:
    def convert(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        parsed = orjson.loads(value)
        if not isinstance(parsed, kind):
            raise ValueError(value)
        return parsed

    return convert


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "string": _text,
    "integer": _integer,
    "float": _number,
    "boolean": _boolean,
    "list": _json(list),
    "dict": _json(dict),
    "datatable": _json(list),
}
