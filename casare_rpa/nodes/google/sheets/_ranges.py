"""Places in a spreadsheet in A1 notation: `'My sheet'!A1:B10`, `Sheet1!A:C`, `2:2`."""

from __future__ import annotations

import re
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.google._node import wanted
from casare_rpa.nodes.values.reading import as_text, int_within, shown

#: As many as Google lets a sheet have: up to ZZZ.
MOST_COLUMNS = 18_278
#: More than Google's ten million cells can be in no sheet.
MOST_ROWS = 10_000_000
LAST_COLUMN = "ZZZ"

_CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[1-9]\d*")
_COLUMN = re.compile(r"\$?([A-Za-z]{1,3})")
_CORNER = r"(?:\$?[A-Za-z]{1,3})?(?:\$?[1-9]\d*)?"
_AREA = re.compile(rf"(?=[^:]){_CORNER}:(?=.){_CORNER}")
_START = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9]\d*)?")
_SHEET_AND_CELLS = re.compile(r"(?P<sheet>.+)!(?P<cells>[^!']+)", re.DOTALL)
_IN_QUOTES = re.compile(r"'(?:[^']|'')+'")
#: How ranges are called that somebody has given a name.
_NAME = re.compile(r"[^\W\d]\w*")


def in_sheet(sheet_name: Any, cells: str = "") -> str:
    """*cells* of a sheet, or all of it. A name in quotes is taken as it is; others get them."""
    text = wanted(sheet_name, "sheet_name")
    if not _IN_QUOTES.fullmatch(text):
        text = "'" + text.replace("'", "''") + "'"
    return f"{text}!{cells}" if cells else text


def title_of(sheet_name: Any) -> str:
    """A sheet's name without the quotes that it may be given in."""
    text = wanted(sheet_name, "sheet_name")
    return text[1:-1].replace("''", "'") if _IN_QUOTES.fullmatch(text) else text


def range_of(value: Any, sheet_name: Any = None, name: str = "range") -> str:
    """A range as Google reads it, in *sheet_name* unless it says a sheet itself.

    Without any it is one of the first sheet. A range's own name stays, as does that of a sheet.
    """
    text = wanted(value, name)
    if found := _SHEET_AND_CELLS.fullmatch(text):
        return in_sheet(found["sheet"], found["cells"].strip())
    if _is_cells(text):
        return in_sheet(sheet_name, text) if as_text(sheet_name).strip() else text
    return text if _NAME.fullmatch(text) else in_sheet(text)


def table_place(sheet_name: Any) -> str:
    """A sheet, or a range where files write one in place of a sheet's name."""
    text = wanted(sheet_name, "sheet_name")
    found = _SHEET_AND_CELLS.fullmatch(text)
    is_range = _AREA.fullmatch(text) or (found and _is_cells(found["cells"].strip()))
    return range_of(text) if is_range else in_sheet(text)


def cell_of(value: Any, sheet_name: Any) -> str:
    """One cell, such as `B5`, in *sheet_name* unless it says a sheet itself."""
    text = wanted(value, "cell")
    found = _SHEET_AND_CELLS.fullmatch(text)
    cell = found["cells"].strip() if found else text
    if not _CELL.fullmatch(cell):
        raise NodeError(f"cell must be like B5, not {shown(text)}", ErrorCode.INVALID_INPUT)
    return in_sheet(found["sheet"] if found else sheet_name, cell)


def column_of(value: Any, name: str) -> str:
    """The letters of a column, such as `AB`. Raises NodeError."""
    text = wanted(value, name)
    found = _COLUMN.fullmatch(text)
    if not found:
        raise NodeError(
            f"{name} must be a column's letters such as B, not {shown(value)}",
            ErrorCode.INVALID_INPUT,
        )
    return found[1].upper()


def column_index(value: Any, name: str) -> int:
    """The index, from 0, that a number or a column's letters stand for. Raises NodeError."""
    if isinstance(value, str) and _COLUMN.fullmatch(value.strip()):
        return index_of(column_of(value, name))
    return int_within(value, name, 0, MOST_COLUMNS)


def row_of(value: Any, name: str) -> int:
    """The number of a row, from 1. Raises NodeError."""
    return int_within(value, name, 1, MOST_ROWS)


def letters(index: int) -> str:
    """The letters of the column *index*, from 0: `A`, `Z`, `AA`."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def index_of(column: str) -> int:
    """The index, from 0, of a column's letters."""
    found = 0
    for letter in column.upper():
        found = found * 26 + ord(letter) - ord("A") + 1
    return found - 1


def start_of(text: str) -> tuple[int, int]:
    """Row (from 1) and column (from 0) in which a range begins that Google has written."""
    first = text.rpartition("!")[2].partition(":")[0]
    found = _START.fullmatch(first)
    column, row = (found[1], found[2]) if found else (None, None)
    return int(row or 1), index_of(column or "A")


def _is_cells(text: str) -> bool:
    return bool(_CELL.fullmatch(text) or _AREA.fullmatch(text))
