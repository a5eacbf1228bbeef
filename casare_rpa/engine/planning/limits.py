"""What a value that is written in a file must be: a number, one of the choices, within limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from casare_rpa.domain.booleans import text_as_boolean
from casare_rpa.nodes.base import Param

_NUMBERS = frozenset({"integer", "float", "number"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that is wrong with a value. `fatal`: no node can make sense of it."""

    code: str
    key: str
    text: str
    fatal: bool = False

    def __str__(self) -> str:
        return f"{self.key}: {self.text}"


def violations(item: Param, written: Any, value: Any) -> Iterator[Violation]:
    """What is wrong with *written*, which became *value*; neither has a placeholder."""
    if item.kind in _NUMBERS and isinstance(value, (str, list, dict)):
        yield Violation(
            code="INVALID_VALUE", key=item.key, text=f"{_shown(value)} is no number", fatal=True
        )
    if item.kind == "boolean" and _is_no_boolean(written):
        text = f"{_shown(written)} is neither true nor false, and counts as false"
        yield Violation(code="INVALID_VALUE", key=item.key, text=text)
    if item.choices and item.kind == "choice" and value not in item.choices:
        text = f"{value!r} is none of {', '.join(map(str, item.choices))}"
        yield Violation(code="INVALID_CHOICE", key=item.key, text=text)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if item.minimum is not None and value < item.minimum:
            text = f"{value} is below {item.minimum}"
            yield Violation(code="OUT_OF_RANGE", key=item.key, text=text)
        if item.maximum is not None and value > item.maximum:
            text = f"{value} is above {item.maximum}"
            yield Violation(code="OUT_OF_RANGE", key=item.key, text=text)


def _shown(value: Any) -> str:
    match value:
        case str():
            return repr(value if len(value) <= 40 else f"{value[:39]}…")
        case dict():
            return "an object"
    return "a list"


def _is_no_boolean(written: Any) -> bool:
    return isinstance(written, str) and bool(written.strip()) and text_as_boolean(written) is None
