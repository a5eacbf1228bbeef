"""Check a value against a rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Leave, Node, NodeError, Output, param, prop, raw
from casare_rpa.nodes.data.lists import find
from casare_rpa.nodes.data.regexes import compile_pattern, searchable
from casare_rpa.nodes.values.reading import Number, as_list, as_number, as_text, number_or_none

Rule = Callable[[Context, Any, Any], bool]

#: As HTML reads an address: what people type, not all that RFC 5322 allows.
_EMAIL = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-zA-Z\d](?:[a-zA-Z\d-]{0,61}[a-zA-Z\d])?"
    r"(?:\.[a-zA-Z\d](?:[a-zA-Z\d-]{0,61}[a-zA-Z\d])?)+"
)


def _is_number(ctx: Context, value: Any, param: Any) -> bool:
    return not isinstance(value, bool) and number_or_none(value) is not None


def _is_integer(ctx: Context, value: Any, param: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(number_or_none(value), int)


def _matches(ctx: Context, value: Any, param: Any) -> bool:
    return compile_pattern(param).match(searchable(value)) is not None


def _not_empty(ctx: Context, value: Any, param: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not None and not (hasattr(value, "__len__") and len(value) == 0)


def _is_url(ctx: Context, value: Any, param: Any) -> bool:
    text = as_text(value)
    try:
        parts = urlsplit(text)
        return (
            parts.scheme.lower() in ("http", "https", "ftp", "ftps")
            and bool(parts.hostname)
            and not re.search(r"\s", text)
        )
    except ValueError:
        return False


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else len(as_text(value))


def _limit(param: Any) -> Number:
    return as_number(param, "validation_param")


def _value_at_least(ctx: Context, value: Any, param: Any) -> bool:
    number = number_or_none(value)
    return number is not None and number >= _limit(param)


def _value_at_most(ctx: Context, value: Any, param: Any) -> bool:
    number = number_or_none(value)
    return number is not None and number <= _limit(param)


def _custom(ctx: Context, value: Any, param: Any) -> bool:
    """An expression that sees the value as `value`; without one nothing is valid."""
    return bool(as_text(param).strip() and ctx.evaluate(as_text(param), {"value": value}))


#: The rules by their names; each takes the value and its parameter.
RULES: dict[str, Rule] = {
    "not_empty": _not_empty,
    "is_string": lambda ctx, value, param: isinstance(value, str),
    "is_number": _is_number,
    "is_integer": _is_integer,
    "is_boolean": lambda ctx, value, param: isinstance(value, bool),
    "is_list": lambda ctx, value, param: isinstance(value, list),
    "is_dict": lambda ctx, value, param: isinstance(value, dict),
    "matches_regex": _matches,
    "min_length": lambda ctx, value, param: _length(value) >= _limit(param),
    "max_length": lambda ctx, value, param: _length(value) <= _limit(param),
    "min_value": _value_at_least,
    "max_value": _value_at_most,
    "in_list": lambda ctx, value, param: find(as_list(ctx, param, "validation_param"), value) >= 0,
    "is_email": lambda ctx, value, param: _EMAIL.fullmatch(as_text(value).strip()) is not None,
    "is_url": _is_url,
    "custom": _custom,
}


class ValidateNode(Node):
    """Check a value against a rule, and leave by `valid` or `invalid`.

    An invalid value is no failure. `custom` evaluates `validation_param` as an expression that
    sees the value as `value`.
    """

    category = "utility"
    example = {"value": "ada@example.org", "validation_type": "is_email"}
    exec_outputs = ("valid", "invalid")
    outputs = (Output("is_valid", "BOOLEAN"), Output("error_message", "STRING"))
    value: Any = param(None, help="What to check.")
    validation_type: str = prop("not_empty", kind="choice", choices=tuple(RULES), help="The rule.")
    validation_param: Any = raw(None, help="A pattern, a limit, a list or an expression.")
    error_message: Any = prop(
        "Validation failed", kind="string", help="What an invalid value says."
    )

    def run(self, ctx: Context) -> Leave:
        name = as_text(self.validation_type).strip().lower()
        rule = RULES.get(name)
        if rule is None:
            raise NodeError(f"validation_type: there is no {name!r}", ErrorCode.INVALID_INPUT)
        given = self.validation_param
        # An expression binds its placeholders to values, so it must not be filled in as text.
        valid = rule(ctx, self.value, given if name == "custom" else ctx.resolve(given))
        message = "" if valid else as_text(self.error_message) or "Validation failed"
        return Leave("valid" if valid else "invalid", {"is_valid": valid, "error_message": message})
