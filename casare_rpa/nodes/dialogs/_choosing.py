"""Some of many: a numbered list that a word makes shorter."""

from __future__ import annotations

import re
from collections.abc import Sequence

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.dialogs._dialog import Asking, Left, question
from casare_rpa.nodes.dialogs._lines import fitted, one_line

#: More than these are not shown at once where a word can make them fewer.
MOST_SHOWN = 50
_NUMBERS = re.compile(r"\s*\d+(\s*-\s*\d+)?(\s*[,\s]\s*\d+(\s*-\s*\d+)?)*\s*")
_RANGE = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


async def chosen(
    asking: Asking,
    lines: Sequence[str],
    *,
    many: bool,
    searchable: bool,
    default: Sequence[int] = (),
    searched: Sequence[str] = (),
) -> list[int]:
    """The indices of the *lines* that the person chooses: one, or *many*.

    They answer with numbers, or where it is *searchable* with a word that the lines are to hold (or
    the texts *searched* in their place), until one is left. An empty answer is *default*, and
    without one Left is raised.
    """
    # What is cut off a secret, or has its line ends shown, would not be known as one.
    lines = [one_line(asking.ctx.masked(line)) for line in lines]
    label = _label(many=many, searchable=searchable)
    left = list(range(len(lines)))
    show_numbered(asking, lines, left, searchable=searchable)
    while True:
        answer = (await asking.line(question(label, _numbers(default)))).strip()
        if not answer:
            if default:
                return list(default)
            raise Left
        try:
            found = _numbered(answer, len(lines), many=many)
        except NodeError as error:
            asking.show(error.message)
            continue
        if found is not None:
            return found
        if not searchable:
            asking.show(f"Please answer with a number from 1 to {len(lines)}.")
            continue
        left = holding(answer, searched or lines)
        if len(left) == 1:
            asking.show(lines[left[0]])
            return left
        show_numbered(asking, lines, left, searchable=True)


def _label(*, many: bool, searchable: bool) -> str:
    words = "Numbers, such as 1,3-5" if many else "Number"
    return f"{words}, or a word to look for" if searchable else words


def show_numbered(
    asking: Asking, lines: Sequence[str], left: Sequence[int], *, searchable: bool
) -> None:
    """Those of *lines* whose indices are *left*, as one line each."""
    if not left:
        asking.show("None has that in it.")
        return
    shown = left[:MOST_SHOWN] if searchable else left
    width = len(str(len(lines)))
    numbered = (f"{i + 1:>{width}}  {lines[i]}" for i in shown)
    asking.show("\n".join(fitted(line, asking.width - 1) for line in numbered))
    if len(left) > len(shown):
        asking.show(f"… and {len(left) - len(shown)} more: give a word to look for")


def holding(word: str, texts: Sequence[str]) -> list[int]:
    """The indices of the *texts* that have *word* in them, in upper case or lower case."""
    return [i for i, text in enumerate(texts) if word.lower() in text.lower()]


def _numbered(answer: str, count: int, *, many: bool) -> list[int] | None:
    """The indices that the numbers of *answer* mean; None if it is a word.

    Raises NodeError for several where one is wanted.
    """
    if not _NUMBERS.fullmatch(answer):
        return None
    spans = [(int(a), int(b or a)) for a, b in _RANGE.findall(answer)]
    if any(not 1 <= low <= high <= count for low, high in spans):
        return None
    found = list(dict.fromkeys(n - 1 for low, high in spans for n in range(low, high + 1)))
    if len(found) > 1 and not many:
        raise NodeError("Please choose one.", ErrorCode.INVALID_INPUT)
    return found


def _numbers(indices: Sequence[int]) -> str:
    return ",".join(str(index + 1) for index in indices)
