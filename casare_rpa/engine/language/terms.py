"""What expressions may use: operators, functions and methods, limited in what they make."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from typing import Any

from simpleeval import DEFAULT_OPERATORS

from casare_rpa.nodes.values.bounded import (
    check_length,
    plus,
    power,
    range_of,
    rounded,
    times,
    total,
)
from casare_rpa.nodes.values.reading import number_or_none


def _modulo(left: Any, right: Any) -> Any:
    # `text % values` is a formatting language of its own ('%999999999d'), so numbers only.
    if not isinstance(left, (int, float)) or not isinstance(right, (int, float)):
        raise TypeError("% works on numbers only")
    return left % right


def _randint(first: int, last: int | None = None) -> int:
    """Below *first*; with two limits between them, both included."""
    return random.randrange(first) if last is None else random.randint(first, last)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "rand": random.random,
    "randint": _randint,
    "range": range_of,
    "round": rounded,
    "sum": total,
    **{f.__name__: f for f in (int, float, str, len, bool, abs, min, max)},
    **{f.__name__: f for f in (sorted, list, tuple, any, all)},
}


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new, count)


def _join(text: str, parts: Any) -> str:
    listed = list(parts)
    check_length(sum(map(len, listed)) + len(text) * len(listed))
    return text.join(listed)


_TEXT_METHODS = frozenset(
    {
        *("capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha"),
        *("isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper"),
        *("lower", "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rindex"),
        *("rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip"),
        *("swapcase", "title", "upper"),
    }
)
MAP_METHODS = frozenset({"get", "keys", "values", "items"})
_TIME_PARTS = frozenset(
    {
        *("year", "month", "day", "hour", "minute", "second", "microsecond", "days", "seconds"),
        *("weekday", "isoweekday", "isoformat", "date", "time", "timestamp", "total_seconds"),
    }
)
#: What may be read of a value after a dot, by its type; map keys come first.
METHODS: tuple[tuple[type, frozenset[str]], ...] = (
    (str, _TEXT_METHODS),
    (Mapping, MAP_METHODS),
    (list, frozenset({"index", "count"})),
    (tuple, frozenset({"index", "count"})),
    (date, _TIME_PARTS),
    (time, _TIME_PARTS),
    (timedelta, _TIME_PARTS),
)
BOUNDED_METHODS: dict[str, Callable[..., Any]] = {"replace": _replace, "join": _join}

OPERATORS: dict[type, Callable[..., Any]] = {
    **{
        kind: DEFAULT_OPERATORS[kind]
        for kind in (
            *(ast.Sub, ast.Div, ast.FloorDiv, ast.Eq, ast.NotEq, ast.Gt, ast.Lt, ast.GtE, ast.LtE),
            *(ast.Not, ast.USub, ast.UAdd, ast.In, ast.NotIn, ast.Is, ast.IsNot),
        )
    },
    ast.Add: plus,
    ast.Mult: times,
    ast.Pow: power,
    ast.Mod: _modulo,
}
#: Those that compare by size.
ORDER = frozenset({ast.Lt, ast.LtE, ast.Gt, ast.GtE})
SIZE_AND_EQUALITY = ORDER | {ast.Eq, ast.NotEq}
_TRUTHS = {"true": True, "false": False}


def alike(left: Any, right: Any) -> tuple[Any, Any]:
    """Both to be compared: text beside a number or a boolean as what it spells."""
    if isinstance(left, str):
        return (left if isinstance(right, str) else _beside(right, left)), right
    return left, (_beside(left, right) if isinstance(right, str) else right)


def _beside(other: Any, text: str) -> Any:
    if isinstance(other, bool):
        return _TRUTHS.get(text.strip().lower(), text)
    if isinstance(other, (int, float)):
        number = number_or_none(text)
        return text if number is None else number
    return text


def as_numbers(left: Any, right: Any) -> tuple[Any, Any]:
    """Both as numbers if each is one or spells one, else as they are."""
    if not isinstance(left, str) and not isinstance(right, str):
        return left, right
    numbers = number_or_none(left), number_or_none(right)
    return (left, right) if None in numbers else numbers
