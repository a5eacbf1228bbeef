"""The text of a Word document: its paragraphs and tables, and what is replaced in them.

A text that looks like one may lie in several runs, for Word begins a new one at every change of
format, at every correction, and where it likes. What was deleted with changes tracked is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

_MAIN = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_P, _R, _T = f"{_MAIN}p", f"{_MAIN}r", f"{_MAIN}t"
_TABLE, _ROW, _CELL = f"{_MAIN}tbl", f"{_MAIN}tr", f"{_MAIN}tc"
#: The same content once more, for programs that know no newer one.
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = f"{_MAIN}txbxContent"
_GONE = frozenset(f"{_MAIN}{name}" for name in ("del", "moveFrom"))
_NO_TEXT: Final = _GONE | {f"{_MAIN}pPr", _FALLBACK}
#: Elements of a run between which text goes on.
_NOTHING = frozenset(f"{_MAIN}{name}" for name in ("rPr", "lastRenderedPageBreak", "softHyphen"))
_LETTERS = {
    f"{_MAIN}tab": "\t",
    f"{_MAIN}br": "\n",
    f"{_MAIN}cr": "\n",
    f"{_MAIN}noBreakHyphen": "-",
}
_SPELT_OUT = {"\t": f"{_MAIN}tab", "\n": f"{_MAIN}br"}


def text_of(body: Any) -> str:
    """The text of a body: a line for each paragraph and each row of a table, tabs between cells."""
    return "\n".join(_lines(body))


def replace(root: Any, pattern: re.Pattern[str], text: str, most: int | None) -> int:
    """Put *text* where *pattern* is found, at most *most* times; how often it was.

    The result has the format of the run in which the place begins.
    """
    done = 0
    for paragraph in list(root.iter(_P)):
        left = None if most is None else most - done
        if left == 0:
            break
        found = _replace_in(paragraph, pattern, text, left)
        if not _is_repeated(paragraph):
            done += found
    return done


def _lines(container: Any) -> Iterator[str]:
    for child in container:
        if child.tag == _P:
            yield _line(child)
            for box in _boxes(child):
                yield from _lines(box)
        elif child.tag == _TABLE:
            for row in _of(child, _ROW):
                yield "\t".join(" ".join(_lines(cell)) for cell in _of(row, _CELL))
        elif child.tag not in _NO_TEXT:
            yield from _lines(child)


def _of(container: Any, tag: str) -> Iterator[Any]:
    """The children with a tag, also those in content controls; not those of tables inside."""
    for child in container:
        if child.tag == tag:
            yield child
        elif child.tag not in (_P, _TABLE) and child.tag not in _NO_TEXT:
            yield from _of(child, tag)


def _line(paragraph: Any) -> str:
    pieces = []
    for run in _runs(paragraph):
        for child in run:
            is_page = child.get(f"{_MAIN}type") in ("page", "column")
            if child.tag == _T:
                pieces.append(child.text or "")
            elif not is_page:
                pieces.append(_LETTERS.get(child.tag, ""))
    return "".join(pieces)


def _runs(container: Any) -> Iterator[Any]:
    """The runs of a paragraph; those of text boxes are in paragraphs of their own."""
    for child in container:
        if child.tag == _R:
            yield child
        elif child.tag not in _NO_TEXT and child.tag != _BOX:
            yield from _runs(child)


def _boxes(container: Any) -> Iterator[Any]:
    for child in container:
        if child.tag == _BOX:
            yield child
        elif child.tag not in _NO_TEXT:
            yield from _boxes(child)


def _is_repeated(paragraph: Any) -> bool:
    return any(True for _ in paragraph.iterancestors(_FALLBACK))


def _replace_in(paragraph: Any, pattern: re.Pattern[str], text: str, most: int | None) -> int:
    done = 0
    for group in list(_groups(paragraph)):
        whole = "".join(piece.text or "" for piece in group)
        found = [match.span() for match in pattern.finditer(whole)]
        found = found if most is None else found[: most - done]
        # From the end, so that what is left of the first ones stays where it is.
        for start, end in reversed(found):
            _put(group, start, end, text)
        if found:
            for piece in group:
                _spell_out(piece)
        done += len(found)
    return done


def _groups(paragraph: Any) -> Iterator[list[Any]]:
    """The pieces of text between which nothing else stands, such as a tab or a picture."""
    group: list[Any] = []
    for run in _runs(paragraph):
        for child in run:
            if child.tag == _T:
                group.append(child)
            elif child.tag not in _NOTHING and group:
                yield group
                group = []
    if group:
        yield group


def _put(group: list[Any], start: int, end: int, text: str) -> None:
    at = 0
    for piece in group:
        own = piece.text or ""
        first, last = max(start - at, 0), min(end - at, len(own))
        at += len(own)
        if first >= last:
            continue
        piece.text = own[:first] + text + own[last:]
        piece.set(_SPACE, "preserve")
        text = ""  # The rest of the place only goes.


def _spell_out(piece: Any) -> None:
    """Make tabs and line ends in a piece of text the elements that Word has for them."""
    first, *others = re.split(r"([\t\n])", piece.text or "")
    if not others:
        return
    piece.text = first
    last = piece
    for part in others:
        made = piece.makeelement(_SPELT_OUT.get(part, _T), {})
        if made.tag == _T:
            made.text = part
            made.set(_SPACE, "preserve")
        last.addnext(made)
        last = made
