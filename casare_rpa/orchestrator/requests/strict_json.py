"""JSON as it may be stored: what one reader takes and another refuses never gets in.

orjson already refuses NaN, infinities, lone surrogates, bad UTF-8 and trailing text. Refused here
as well: NUL characters (PostgreSQL cannot keep them), integers beyond 64 bits (they would lose
digits in silence), and nesting deeper than 64.

What is needed for odd bodies only is looked for first at the speed of C.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from casare_rpa.domain.json_values import MAX_DEPTH
from casare_rpa.errors import BadRequest

_MOST, _LEAST = 2**63 - 1, -(2**63)
# Possessive, so that no text makes it go back and try again.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_LONG_NUMBER = re.compile(rb"[0-9]{19}")
_LONG_INTEGER = re.compile(rb"(?<![0-9.eE+\-])-?[0-9]{19,}+(?![.eE])")


def parse_strict(text: bytes) -> Any:
    """The value that *text* says. Raises BadRequest with the reason."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"the body is not valid JSON: {error}") from None
    # Most bodies have too few brackets to be deep, whether in strings or not.
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _is_too_deep(value):
        raise BadRequest(f"the JSON is nested deeper than {MAX_DEPTH}")
    if b"\\u0000" in text and _has_nul(value):
        raise BadRequest("the JSON holds a NUL character (\\u0000), which cannot be stored")
    if _LONG_NUMBER.search(text):
        _check_integers(_STRING.sub(b"", text))
    return value


def _is_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return False


def _check_integers(text: bytes) -> None:
    """orjson reads an integer beyond 64 bits as a float, so the text itself is asked."""
    for found in _LONG_INTEGER.finditer(text):
        digits = found[0]
        # No integer of 64 bits has more than 20 characters; int() itself refuses 4,301 of them.
        if len(digits) > 20 or not _LEAST <= int(digits) <= _MOST:
            raise BadRequest("the JSON holds an integer beyond 64 bits; send it as text")
