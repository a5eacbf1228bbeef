"""The cells of a sheet as they were read: values, formulas, and what may not be written alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from casare_rpa.nodes.office._places import Area, parse_area
from casare_rpa.nodes.office._values import from_cell

#: How often a long sheet asks whether it is still wanted.
_ROWS_BETWEEN = 1_000


@dataclass(slots=True, kw_only=True)
class Block:
    """Cells that one formula fills together: Excel changes all of them or none."""

    area: Area
    formula: str
    what: str


@dataclass(slots=True)
class Sheet:
    """Values by row and column; formulas by both, with the `=`. No value stands for a formula."""

    title: str
    rows: dict[int, dict[int, Any]] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    #: Cells that are formatted as text.
    texts: set[tuple[int, int]] = field(default_factory=set)

    def value(self, row: int, column: int) -> Any:
        return self.rows.get(row, {}).get(column)

    def block_at(self, row: int, column: int) -> Block | None:
        return next((block for block in self.blocks if block.area.holds(row, column)), None)

    def places(self) -> Iterator[tuple[int, int]]:
        """Every cell that holds something."""
        for row, cells in self.rows.items():
            for column in cells:
                yield row, column
        yield from self.formulas


def read_sheet(worksheet: Any, check_wanted: Callable[[], None]) -> Sheet:
    """The cells of a worksheet that openpyxl opened with its formulas."""
    sheet = Sheet(worksheet.title)
    for cell in _cells(worksheet, check_wanted):
        place = cell.row, cell.column
        if cell.data_type == "f":
            _add_formula(sheet, place, cell.value)
        elif cell.value is not None and cell.value != "":
            number_format = cell.number_format if cell.data_type == "d" else ""
            sheet.rows.setdefault(cell.row, {})[cell.column] = from_cell(cell.value, number_format)
        if cell.has_style and cell.number_format == "@":
            sheet.texts.add(place)
    return sheet


def read_results(
    worksheet: Any, sheet: Sheet, check_wanted: Callable[[], None]
) -> dict[tuple[int, int], Any]:
    """By cell, the value that the file holds for each formula of *sheet*, as far as there is one.

    *worksheet* is the same as openpyxl opens it without its formulas.
    """
    found: dict[tuple[int, int], Any] = {}
    for cell in _cells(worksheet, check_wanted):
        place = cell.row, cell.column
        if place not in sheet.formulas and not sheet.block_at(*place):
            continue
        if cell.value is not None:
            number_format = cell.number_format if cell.data_type == "d" else ""
            found[place] = from_cell(cell.value, number_format)
        elif cell.data_type == "str":  # A formula whose result is an empty text.
            found[place] = ""
    return found


def _cells(worksheet: Any, check_wanted: Callable[[], None]) -> Iterator[Any]:
    # What a sheet says of its size is often wrong.
    worksheet.reset_dimensions()
    for number, row in enumerate(worksheet.iter_rows()):
        if number % _ROWS_BETWEEN == 0:
            check_wanted()
        for cell in row:
            # What stands between the cells has no place, and nothing else either.
            if getattr(cell, "row", None) is not None:
                yield cell


def _add_formula(sheet: Sheet, place: tuple[int, int], value: Any) -> None:
    if isinstance(value, str):
        sheet.formulas[place] = value
        return
    # One that fills several cells: an array, or a table of what-if values.
    formula = str(getattr(value, "text", None) or "=")
    what = "the array formula" if getattr(value, "text", None) else "the data table"
    area = parse_area(str(value.ref))
    sheet.formulas[place] = formula
    if area is None or area.rows * area.columns == 1:
        return
    sheet.blocks.append(Block(area=area, formula=formula, what=what))
