"""Values on their way into a database, and out of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from casare_rpa.nodes.base import Fragments


def text_of(value: Any) -> str:
    """A value inside a text in quotes: nothing for None, JSON for lists and maps."""
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        return _json(value)
    return str(value)


def to_driver(value: Any, *, arrays: bool) -> Any:
    """*value* as every driver takes it; maps, and lists unless *arrays*, as JSON text."""
    match value:
        case Fragments():
            first, *others = value.texts
            pairs = zip(value.values, others, strict=True)
            return first + "".join(text_of(each) + text for each, text in pairs)
        case None | bool() | int() | float() | str() | bytes():
            return value
        case bytearray() | memoryview():
            return bytes(value)
        case list() | tuple() if arrays:
            return [to_driver(item, arrays=True) for item in value]
        case Mapping() | list() | tuple():
            return _json(value)
        case datetime() | date() | time():
            return value.isoformat()
    return str(value)


def from_driver(value: Any) -> Any:
    """A value of a row as nodes and JSON take it.

    Times are ISO 8601 text, in UTC where the database knows their zone. A decimal number is an
    integer or a float where that is exactly the same, else text. Bytes stay bytes.
    """
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Decimal():
            return _number(value)
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC).isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytearray() | memoryview():
            return bytes(value)
        case Mapping():
            return {str(key): from_driver(item) for key, item in value.items()}
        case list() | tuple():
            return [from_driver(item) for item in value]
    return str(value)


def weight(value: Any) -> int:
    """About the bytes that *value* takes in memory."""
    if isinstance(value, str | bytes):
        return 50 + len(value)
    if isinstance(value, Mapping):
        return 200 + sum(map(weight, value.values()))
    return 50 + sum(map(weight, value)) if isinstance(value, list) else 30


def _number(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value.as_tuple().exponent == 0:
        return int(value)
    near = float(value)
    return near if math.isfinite(near) and Decimal(repr(near)) == value else str(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
