"""What loops go over, and what conditions mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.values.reading import MISSING, literal

_RANGE = re.compile(r"\s*range\(\s*(-?\d{1,9}(?:\s*,\s*-?\d{1,9}){0,2})\s*\)\s*")


def truth(value: Any) -> bool:
    """A condition's value: of text, `false no 0 off` and nothing are false, all other is true."""
    if isinstance(value, str):
        return text_as_boolean(value) is not False
    return bool(value)


def pairs_of(source: Any) -> tuple[Sequence[Any] | None, Sequence[Any]]:
    """The keys (of a map) and the items of *source*.

    A map gives its values, JSON text and `range(3)` what they spell, other text its characters, a
    scalar itself.
    """
    if isinstance(source, str):
        source = _spelt(source)
    if isinstance(source, Mapping):
        return list(source.keys()), list(source.values())
    if isinstance(source, (list, tuple, str, range)):
        # A copy, so that a body that changes the list does not change the loop.
        return None, list(source) if isinstance(source, list) else source
    if isinstance(source, Iterable) and not isinstance(source, bytes):
        return None, list(source)
    return None, [source]


def _spelt(text: str) -> Any:
    """What a text spells: JSON, a list or map of Python, `range(1, 5)`; else the text."""
    written = _RANGE.fullmatch(text)
    if written is not None:
        return range(*map(int, written[1].split(",")))
    found = literal(text)
    return text if found is MISSING else found


def range_of(start: Any, end: Any, step: Any) -> range:
    """The numbers from *start* until before *end*.

    Raises NodeError for a step of 0 and for what is no integer.
    """
    limits = []
    for name, value in (("start", start), ("end", end), ("step", step)):
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int):
            raise NodeError(f"{name}: {value!r} is no integer", ErrorCode.TYPE_MISMATCH)
        limits.append(value)
    if limits[2] == 0:
        raise NodeError("step must not be 0", ErrorCode.VALUE_OUT_OF_RANGE)
    return range(*limits)
