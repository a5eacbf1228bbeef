"""Spreadsheets in memory: what their cells hold, and how Google tells of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.nodes.google.sheets_notation import Area


class Formula(str):
    """A cell that calculates: `=2*3` is all that it can."""

    __slots__ = ()

    @property
    def result(self) -> Any:
        found = re.fullmatch(r"=(\d+)\*(\d+)", self)
        return int(found[1]) * int(found[2]) if found else "#ERROR!"


@dataclass
class Sheet:
    """`cells` by row and column, both from 0."""

    sheet_id: int
    title: str
    rows: int = 1000
    columns: int = 26
    kind: str = "GRID"
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)
    formats: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    resized: list[tuple[str, int, int]] = field(default_factory=list)

    def filled(self, rows: Sequence[Sequence[Any]]) -> Sheet:
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                self.put(row, column, value)
        return self

    def put(self, row: int, column: int, value: Any) -> None:
        if value == "":
            self.cells.pop((row, column), None)
        elif value is not None:
            self.cells[row, column] = value

    def moved(self, axis: int, start: int, by: int) -> None:
        """Move the cells from *start* on; those that would lie before it are gone."""
        found = {}
        for place, value in self.cells.items():
            at = list(place)
            if at[axis] >= start:
                at[axis] += by
                if at[axis] < start:
                    continue
            found[at[0], at[1]] = value
        self.cells = found
        if axis == 0:
            self.rows += by
        else:
            self.columns += by

    def table(self) -> list[list[Any]]:
        """All that is there, from A1 on, with empty text between."""
        rows = 1 + max((row for row, _ in self.cells), default=-1)
        columns = 1 + max((column for _, column in self.cells), default=-1)
        return [[self.cells.get((r, c), "") for c in range(columns)] for r in range(rows)]


@dataclass
class Book:
    title: str
    locale: str = "en_US"
    sheets: list[Sheet] = field(default_factory=list)
    named: dict[str, str] = field(default_factory=dict)

    def by_title(self, title: str) -> Sheet | None:
        return next((s for s in self.sheets if s.title.casefold() == title.casefold()), None)


def typed(value: Any) -> Any:
    """What becomes of something that is typed into a cell."""
    if not isinstance(value, str):
        return value
    if value.startswith("="):
        return Formula(value)
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return float(value) if "." in value else int(value)
    return {"TRUE": True, "FALSE": False}.get(value.upper(), value)


def rendered(value: Any, how: str) -> Any:
    if isinstance(value, Formula):
        return str(value) if how == "FORMULA" else rendered(value.result, how)
    if how in ("UNFORMATTED_VALUE", "FORMULA"):
        return value
    assert how == "FORMATTED_VALUE"
    return str(value).upper() if isinstance(value, bool) else str(value)


def last_table(area: Area) -> Area | None:
    """The last run of rows in which something is, from the area's last one that has something."""
    sheet = area.sheet
    full = {row for row, column in sheet.cells if area.column <= column < area.end_column}
    ends = [row for row in full if area.row <= row < area.end_row]
    if not ends:
        return None
    first = last = max(ends)
    while last + 1 in full:
        last += 1
    while first - 1 in full:
        first -= 1
    columns = [column for row, column in sheet.cells if first <= row <= last]
    return Area(sheet, first, min(columns), last + 1, max(columns) + 1)


def properties_of(book: Book, sheet: Sheet) -> dict[str, Any]:
    about = {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "index": book.sheets.index(sheet),
        "sheetType": sheet.kind,
    }
    if sheet.kind != "GRID":
        return {**about, "hidden": True}
    return {**about, "gridProperties": {"rowCount": sheet.rows, "columnCount": sheet.columns}}


def as_told(name: str, book: Book) -> dict[str, Any]:
    """A spreadsheet with all that a field mask can choose from."""
    return {
        "spreadsheetId": name,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{name}/edit",
        "properties": {"title": book.title, "locale": book.locale},
        "sheets": [
            {"properties": properties_of(book, sheet), "data": [{"rowData": _row_data(sheet)}]}
            for sheet in book.sheets
        ],
    }


def _row_data(sheet: Sheet) -> list[Any]:
    return [
        {"values": [{"formattedValue": rendered(each, "FORMATTED_VALUE")} for each in row]}
        for row in sheet.table()
    ]
