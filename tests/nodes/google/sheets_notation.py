"""A1 notation and field masks, as Google's server reads them: for the Sheets of the tests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.nodes.google.server import Refused

_TITLE = r"(?:'(?P<quoted>(?:[^']|'')+)'|(?P<plain>[^\W\d]\w*))"
_CELLS = r"(?P<c1>[A-Z]{1,3})?(?P<r1>\d+)?(?::(?P<c2>[A-Z]{1,3})?(?P<r2>\d+)?)?"
_WHOLE = re.compile(_TITLE)
_RANGE = re.compile(rf"(?:{_TITLE}!)?{_CELLS}")
_PLAIN_TITLE = re.compile(r"[A-Za-z_]\w*[A-Za-z_]\d?|[A-Za-z]{4,}\d+")
_MASKED = re.compile(r"(\w+)(?:\((.+)\)|\.(.+))?")
#: All that a mask may name.
_FIELDS = frozenset(
    {
        *("spreadsheetId", "spreadsheetUrl", "properties", "sheets", "data", "title", "locale"),
        *("sheetId", "index", "sheetType", "hidden", "gridProperties", "rowCount", "columnCount"),
        *("userEnteredFormat", "textFormat", "bold", "italic", "fontSize"),
        *("foregroundColorStyle", "backgroundColorStyle"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a range says: from 0, without the end; None where it is open."""

    title: str | None = None
    row: int = 0
    column: int = 0
    end_row: int | None = None
    end_column: int | None = None


@dataclass(slots=True)
class Area:
    """Cells of one sheet; `str()` of it is how Google writes them."""

    sheet: Any
    row: int
    column: int
    end_row: int
    end_column: int

    @property
    def is_cell(self) -> bool:
        return (self.end_row - self.row, self.end_column - self.column) == (1, 1)

    def places(self) -> Iterator[tuple[int, int]]:
        for row in range(self.row, self.end_row):
            for column in range(self.column, self.end_column):
                yield row, column

    def __str__(self) -> str:
        title = self.sheet.title
        if not _PLAIN_TITLE.fullmatch(title):
            title = "'" + title.replace("'", "''") + "'"
        first = f"{column_letters(self.column)}{self.row + 1}"
        if self.is_cell:
            return f"{title}!{first}"
        return f"{title}!{first}:{column_letters(self.end_column - 1)}{self.end_row}"


def parsed(text: str, is_title: Callable[[str], bool]) -> Place:
    """The place that *text* names. Refused as Google refuses what it cannot read."""
    found = _RANGE.fullmatch(
        re.sub(r"[^!]*$", lambda cells: cells[0].replace("$", "").upper(), text)
    )
    if found and (found["c1"] or found["r1"]) and _is_range(found):
        return _placed(found)
    whole = _WHOLE.fullmatch(text)
    if whole and is_title(_title(whole) or ""):
        return Place(title=_title(whole))
    raise Refused(400, f"Unable to parse range: {text}", status="INVALID_ARGUMENT")


def column_letters(index: int) -> str:
    letters = [""] + [chr(ord("A") + n) for n in range(26)]
    high, low = divmod(index, 26)
    return (column_letters(high - 1) if high else "") + letters[low + 1]


def masked(value: Any, mask: str) -> Any:
    """The parts of *value* that a field mask names; all without one."""
    return _chosen(value, _tree(mask)) if mask else value


def _is_range(found: re.Match[str]) -> bool:
    """One corner alone has to be a cell."""
    return ":" in found[0].rpartition("!")[2] or bool(found["c1"] and found["r1"])


def _title(found: re.Match[str]) -> str | None:
    return found["quoted"].replace("''", "'") if found["quoted"] else found["plain"]


def _placed(found: re.Match[str]) -> Place:
    first, last = (found["c1"], found["r1"]), (found["c2"], found["r2"])
    if last == (None, None):
        last = first
    return Place(
        title=_title(found),
        row=int(first[1] or 1) - 1,
        column=_number(first[0] or "A") - 1,
        end_row=int(last[1]) if last[1] else None,
        end_column=_number(last[0]) if last[0] else None,
    )


def _number(letters: str) -> int:
    return sum((ord(each) - 64) * 26**n for n, each in enumerate(reversed(letters)))


def _tree(mask: str) -> dict[str, Any]:
    """`a.b,c(d,e)` as {"a": {"b": {}}, "c": {"d": {}, "e": {}}}."""
    found: dict[str, Any] = {}
    for part in _parts(mask) if mask else ():
        inner = _MASKED.fullmatch(part)
        if inner is None or inner[1] not in _FIELDS:
            raise Refused(400, f"Invalid field selection {part}", status="INVALID_ARGUMENT")
        key, below = inner[1], _tree(inner[2] or inner[3] or "")
        found.setdefault(key, {}).update(below)
    return found


def _parts(mask: str) -> list[str]:
    """The mask at the commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in mask:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _chosen(value: Any, tree: dict[str, Any]) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_chosen(each, tree) for each in value]
    return {name: _chosen(value[name], below) for name, below in tree.items() if name in value}
