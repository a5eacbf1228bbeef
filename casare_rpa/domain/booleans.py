"""Booleans that are written as text."""

from __future__ import annotations

from typing import Any

_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off", ""})


def text_as_boolean(text: str) -> bool | None:
    """What *text* says as a boolean, or None if it says something else."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def is_on(value: Any) -> bool:
    """Whether *value* is true; of a text, whether it says so."""
    return text_as_boolean(value) is True if isinstance(value, str) else bool(value)
