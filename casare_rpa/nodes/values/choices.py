"""Choices as files spell them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_JOINTS = re.compile(r"[\s_-]+")
_BRACKET = re.compile(r"\s*\([^()]*\)$")


def as_choice(text: str, choices: Sequence[Any]) -> str:
    """The choice that *text* spells, else *text* as it is.

    Letter case does not count, nor how words are joined (`Read File`, `read_file`, `ReadFile`), nor
    a remark in brackets at the end of a choice (`equals` for `equals (==)`).
    """
    if text in choices:
        return text
    wanted = _folded(text)
    for spelt in (str, _without_remark):
        found = [choice for choice in choices if wanted and _folded(spelt(choice)) == wanted]
        if len(found) == 1:
            return str(found[0])
    return text


def _folded(choice: str) -> str:
    return _JOINTS.sub("", choice).lower()


def _without_remark(choice: Any) -> str:
    return _BRACKET.sub("", str(choice))
