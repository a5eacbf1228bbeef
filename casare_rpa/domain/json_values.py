"""Values as strict JSON: what cannot be said in JSON is said as text."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

#: An object of JSON. Its members are whatever JSON can say.
Json: TypeAlias = dict[str, Any]

MAX_DEPTH = 64
_LARGEST = 2**63


def json_safe(value: Any, depth: int = MAX_DEPTH) -> Any:
    """*value* built from dict, list, str, int, float, bool and None alone; never raises.

    Tuples become lists and keys become text. NaN, infinities, integers beyond 64 bits, lone
    surrogates, anything nested deeper than *depth* (so also a list inside itself) and every other
    object become text.
    """
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value)
    if value is None or kind is bool:
        return value
    if kind is int or kind is float:
        return _number(value)
    if depth > 0 and isinstance(value, Mapping):
        return {_key(k): json_safe(v, depth - 1) for k, v in list(value.items())}
    if depth > 0 and isinstance(value, (list, tuple)):
        return [json_safe(item, depth - 1) for item in list(value)]
    return _other(value)


def is_json(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether *value* is the same once it has been JSON: what `json_safe` would leave as it is."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii() or _text(value) == value)
    if value is None or kind is bool:
        return True
    if kind is int or kind is float:
        return type(_number(value)) is kind
    if depth > 0 and kind is dict:
        return all(type(k) is str and is_json(v, depth - 1) for k, v in value.items())
    return depth > 0 and kind is list and all(is_json(item, depth - 1) for item in value)


def _number(value: int | float) -> int | float | str:
    if isinstance(value, int):
        return value if -_LARGEST <= value < _LARGEST else _as_text(value)
    return value if math.isfinite(value) else repr(value)


def _other(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case int():
            return _number(int(value))
        case float():
            return _number(float(value))
        case Mapping() | list() | tuple():
            return f"<{type(value).__name__}>"
    return _as_text(value)


def _key(key: Any) -> str:
    return _text(key) if isinstance(key, str) else _as_text(key)


def _text(value: str) -> str:
    if value.isascii():
        return str(value)
    return value.encode("utf-8", "replace").decode("utf-8")


def _as_text(value: Any) -> str:
    try:
        return _text(str(value))
    except Exception:  # a value's own __str__ may do anything; no event is worth losing to it
        return f"<{type(value).__name__}>"
