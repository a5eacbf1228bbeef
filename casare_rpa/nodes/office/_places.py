"""Cells and ranges as files and formulas write them: A1, B2:C5, A:C, Sheet1!A1, 'My sheet'!$A$1."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

MAX_ROW: Final = 1_048_576
MAX_COLUMN: Final = 16_384

_SHEET = r"(?:'((?:[^']|'')+)'|([^'!\[\]:]+))!"
_WHOLE = re.compile(rf"(?:{_SHEET})?(.+)")
_CELL = re.compile(r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})")
_COLUMN = re.compile(r"\$?([A-Za-z]{1,3})")
_ROW = re.compile(r"\$?([1-9]\d{0,6})")


class Cell(NamedTuple):
    """A cell of a sheet, counted from 1."""

    sheet: str
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of cells, from 1, both ends in it."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    def __str__(self) -> str:
        first = named(self.first_row, self.first_column)
        last = named(self.last_row, self.last_column)
        return first if first == last else f"{first}:{last}"

    @property
    def rows(self) -> int:
        return self.last_row - self.first_row + 1

    @property
    def columns(self) -> int:
        return self.last_column - self.first_column + 1

    def holds(self, row: int, column: int) -> bool:
        return (
            self.first_row <= row <= self.last_row
            and self.first_column <= column <= self.last_column
        )

    def cells(self) -> Iterator[tuple[int, int]]:
        for row in range(self.first_row, self.last_row + 1):
            for column in range(self.first_column, self.last_column + 1):
                yield row, column

    def within(self, other: Area) -> Area | None:
        """The part of it that is in *other*."""
        found = Area(
            max(self.first_row, other.first_row),
            max(self.first_column, other.first_column),
            min(self.last_row, other.last_row),
            min(self.last_column, other.last_column),
        )
        return found if found.rows > 0 and found.columns > 0 else None


def split_sheet(text: str) -> tuple[str, str]:
    """The name of the sheet in front of a reference, or nothing, and the rest."""
    found = _WHOLE.fullmatch(text.strip())
    if found is None:
        return "", text.strip()
    quoted, plain, rest = found.groups()
    return (quoted or "").replace("''", "'") or (plain or "").strip(), rest.strip()


def parse_area(text: str) -> Area | None:
    """The cells that a reference without a sheet names, or None: A1, A1:C3, A:C, 2:5."""
    first, colon, last = text.strip().partition(":")
    start = _corner(first)
    end = _corner(last) if colon else start
    if start is None or end is None or (not colon and 0 in start):
        return None
    if (start[0] == 0) != (end[0] == 0) or (start[1] == 0) != (end[1] == 0):
        return None
    rows = sorted((start[0] or 1, end[0] or MAX_ROW))
    columns = sorted((start[1] or 1, end[1] or MAX_COLUMN))
    return Area(rows[0], columns[0], rows[1], columns[1])


def parse_cell(text: str) -> tuple[int, int] | None:
    """Row and column of a reference to a single cell, or None."""
    found = _CELL.fullmatch(text.strip())
    if found is None:
        return None
    row, column = int(found[2]), column_number(found[1])
    return (row, column) if row <= MAX_ROW and column <= MAX_COLUMN else None


def column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def named(row: int, column: int) -> str:
    """A1 for 1, 1."""
    return f"{column_letters(column)}{row}"


def shown(cell: Cell) -> str:
    return f"{cell.sheet}!{named(cell.row, cell.column)}"


def _corner(text: str) -> tuple[int, int] | None:
    """Row and column, 0 for all of them: `A` is all rows of a column, `1` all columns of a row."""
    text = text.strip()
    if found := _CELL.fullmatch(text):
        row, column = int(found[2]), column_number(found[1])
    elif found := _COLUMN.fullmatch(text):
        row, column = 0, column_number(found[1])
    elif found := _ROW.fullmatch(text):
        row, column = int(found[1]), 0
    else:
        return None
    return (row, column) if row <= MAX_ROW and column <= MAX_COLUMN else None
