"""How nodes read the values that files give them: as a list, a map, a number, a text.

Files write lists and maps as JSON, as text that holds JSON, or as the name of a variable. These
functions take all of them and raise NodeError, naming the parameter, for what fits none.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, NodeError

Number: TypeAlias = int | float

#: Stands for "not there" where None is a value.
MISSING: Final = object()

_NAME = re.compile(r"(?:\{\{\s*)?([A-Za-z_][\w.\[\]]*)(?:\s*\}\})?")
_PLACEHOLDER = re.compile(r"\s*\{\{[^{}]*\}\}\s*")
_PATH_STEP = re.compile(r"\[(-?\d+)\]|([^.\[\]]+)")
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_NUMERAL = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_MAX_DIGITS = 4000
#: How a line end is written where it cannot be typed.
_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r\\n": "\r\n", "\\r": "\r"}


def as_text(value: Any) -> str:
    """Text as it is, None as empty text, anything else in its text form."""
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)


def not_empty(value: Any, name: str) -> str:
    """As as_text, but NodeError for what is empty."""
    text = as_text(value)
    if not text.strip():
        raise NodeError(f"{name} is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    return text


def needed(value: Any, name: str) -> str:
    """As not_empty, but NodeError for a placeholder that nothing filled, too."""
    text = not_empty(value, name)
    refuse_unresolved(text, name)
    return text


def as_list(ctx: Context, value: Any, name: str) -> list[Any]:
    """A new list: of a list, a JSON or comma-separated list in text, or a variable's name.

    A map or another single value becomes a list of one.
    """
    if isinstance(value, str):
        value = _list_in_text(ctx, value, name)
    if value is None:
        raise missing(name)
    if isinstance(value, (list, tuple, set, frozenset, range)):
        return list(value)
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        return [value]
    return list(value)


def as_map(ctx: Context, value: Any, name: str) -> dict[Any, Any]:
    """A new map: of a map, a JSON object in text, or a variable's name."""
    if isinstance(value, str):
        found = literal(value)
        value = found if isinstance(found, dict) else _variable(ctx, value, name)
        if isinstance(value, str):
            value = literal(value)
    if value is None:
        raise missing(name)
    if not isinstance(value, Mapping):
        raise NodeError(
            f"{name} must be a map, not {_kind(value)}", ErrorCode.TYPE_MISMATCH, business=True
        )
    return dict(value)


def as_number(value: Any, name: str) -> Number:
    """A number of a number or a numeral; whole numerals stay integers."""
    found = number_or_none(value)
    if found is None:
        raise NodeError(f"{name} must be a number, not {shown(value)}", ErrorCode.TYPE_MISMATCH)
    return found


def as_int(value: Any, name: str) -> int:
    """A whole number of a number or a numeral without a fraction."""
    found = number_or_none(value)
    if found is None or found != found // 1 or abs(found) == float("inf"):
        raise NodeError(
            f"{name} must be a whole number, not {shown(value)}", ErrorCode.TYPE_MISMATCH
        )
    return int(found)


def int_within(value: Any, name: str, low: int, high: int) -> int:
    """As as_int, but NodeError for a number that is not from *low* to *high*."""
    found = as_int(value, name)
    if not low <= found <= high:
        raise NodeError(
            f"{name} must be from {low} to {high}, not {found}", ErrorCode.VALUE_OUT_OF_RANGE
        )
    return found


def one_of(value: Any, name: str, choices: Iterable[str]) -> str:
    """The choice that *value* spells, letter case aside; NodeError lists them all."""
    known = {choice.lower(): choice for choice in choices}
    found = known.get(as_text(value).strip().lower())
    if found is None:
        raise NodeError(
            f"{name}: there is no {value!r}; there are {', '.join(known.values())}",
            ErrorCode.INVALID_INPUT,
        )
    return found


def optional_int(value: Any, name: str) -> int | None:
    """As as_int, but nothing is None."""
    return None if value is None or value == "" else as_int(value, name)


def number_or_none(value: Any) -> Number | None:
    """The number that *value* is or spells, or None."""
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, bool) else value
    if not isinstance(value, str):
        return None
    if len(value) > _MAX_DIGITS or not _NUMERAL.fullmatch(value):
        return None
    return int(value) if _INTEGER.fullmatch(value) else float(value)


def divide(a: Number, b: Number) -> Number:
    """a / b, an integer when both are integers and nothing remains."""
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


def walk(value: Any, path: str, separator: str = ".") -> Any:
    """What *path* (`user.emails[0]`) leads to inside *value*, or MISSING."""
    for part in path.split(separator):
        if not part.strip() or value is MISSING:
            return MISSING
        for index, name in _PATH_STEP.findall(part.strip()):
            value = _step(value, index or name)
    return value


def parse_json(text: Any, name: str) -> Any:
    """The value that a JSON text spells. Fails for empty text, NaN and endless nesting."""
    if not isinstance(text, (str, bytes)):
        return text
    if not text.strip():
        raise missing(name)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NodeError(f"{name} is not JSON: {error}", ErrorCode.PARSE_ERROR) from error


def comma_separated(text: str) -> list[str]:
    """The parts of *text* between commas, trimmed; empty ones are left out."""
    return [part.strip() for part in text.split(",") if part.strip()]


def literal(text: str) -> Any:
    """The value spelt as JSON, or as Python writes lists and maps; MISSING if it is neither."""
    if not text.lstrip().startswith(("[", "{", "(")):
        return MISSING
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return MISSING


def unescaped(separator: str) -> str:
    r"""The separator, `\n` and its like as the character they stand for."""
    return _ESCAPES.get(separator, separator)


def is_unresolved(text: str) -> bool:
    """Whether *text* is a placeholder and nothing else: its name stands for nothing."""
    return bool(_PLACEHOLDER.fullmatch(text))


def refuse_unresolved(text: str, name: str) -> None:
    """Raise NodeError for a text that is a placeholder and nothing else: it names nothing."""
    if is_unresolved(text):
        raise NodeError(f"{name}: nothing is called {text}", ErrorCode.MISSING_REQUIRED_FIELD)


def compare(test: Callable[[], Any], what: str) -> Any:
    """The result of *test*; values that have no order become a NodeError."""
    try:
        return test()
    except TypeError as error:
        raise NodeError(f"{what}: {error}", ErrorCode.TYPE_MISMATCH, business=True) from error


def missing(name: str) -> NodeError:
    return NodeError(f"{name} is missing", ErrorCode.MISSING_REQUIRED_FIELD)


def shown(value: Any) -> str:
    """A short form of *value* for messages."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _list_in_text(ctx: Context, text: str, name: str) -> Any:
    found = literal(text)
    if found is not MISSING and not isinstance(found, (str, int, float)):
        return found
    if "," in text:
        return comma_separated(text)
    value = _variable(ctx, text, name)
    if isinstance(value, str):
        inner = literal(value)
        return inner if isinstance(inner, list) else comma_separated(value)
    return value


def _variable(ctx: Context, text: str, name: str) -> Any:
    if not text.strip():
        raise missing(name)
    found = _NAME.fullmatch(text.strip())
    value = ctx.get_variable(found[1], MISSING) if found else MISSING
    if value is MISSING:
        raise NodeError(
            f"{name}: {shown(text)} is neither a value nor the name of a variable",
            ErrorCode.TYPE_MISMATCH,
        )
    return value


def _step(value: Any, part: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, MISSING)
    if isinstance(value, (list, tuple)) and re.fullmatch(r"-?\d+", part):
        index = int(part)
        return value[index] if -len(value) <= index < len(value) else MISSING
    return MISSING


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _kind(value: Any) -> str:
    return {"list": "a list", "str": "text", "int": "a number", "float": "a number"}.get(
        type(value).__name__, type(value).__name__
    )
