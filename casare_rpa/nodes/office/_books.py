"""A workbook that is open: read by openpyxl, changed cell by cell in its own XML."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import IO, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.office._contents import Contents, place_of
from casare_rpa.nodes.office._file import OfficeFile
from casare_rpa.nodes.office._package import WORKBOOK, damage_told
from casare_rpa.nodes.office._parts import Parts, Table
from casare_rpa.nodes.office._patch import Styles, calculate_when_opened, patch
from casare_rpa.nodes.office._places import (
    Area,
    Cell,
    named,
    parse_area,
    shown,
    split_sheet,
)
from casare_rpa.nodes.office._sheets import Sheet
from casare_rpa.nodes.office._values import Content, out_of, to_cell
from casare_rpa.nodes.values.reading import as_text, number_or_none

#: What a node gives at most: a range of more cells fails instead of the process.
MAX_CELLS: Final = 1_000_000
_CALCULATE = "open it in Excel or LibreOffice and save it there, which calculates"


class Book(OfficeFile):
    """A workbook. Sheets are read when they are first asked for."""

    format = WORKBOOK

    @property
    def changes(self) -> int:
        return len(self._changes)

    @property
    def waits_for_calculation(self) -> bool:
        """Whether it was saved last by a program that does not calculate."""
        return self._file.waits_for_calculation

    # -- reading ---------------------------------------------------------------------------------

    def sheet(self, value: Any) -> str:
        """The name of the sheet that a parameter gives: a name, or a number counted from 1."""
        titles = list(self._file.titles.values())
        title = self._file.titles.get(as_text(value).strip().casefold())
        number = number_or_none(value)
        if isinstance(value, str) and title is not None:
            return title
        if number is None and not as_text(value).strip():
            number = 1
        if number is not None and 1 <= number <= len(titles) and number == int(number):
            return titles[int(number) - 1]
        if title is not None:
            return title
        raise NodeError(
            f"{self.path} has no sheet {value!r}; it has {', '.join(map(repr, titles))}",
            ErrorCode.RESOURCE_NOT_FOUND,
        )

    def place(self, sheet: str, text: Any, parameter: str) -> tuple[str, Area]:
        """The sheet and cells that *text* names: a reference, or a name of the workbook."""
        written = as_text(text).strip()
        other, rest = split_sheet(written)
        area = parse_area(rest)
        if area is not None:
            return self.sheet(other) if other else sheet, area
        cell = Cell(sheet.casefold(), 1, 1)
        meaning = self._file.meaning(cell, written)
        found = (
            place_of(meaning, self._file.titles) if meaning else self._file.of_table(cell, written)
        )
        if found is None:
            raise NodeError(
                f"{parameter}: {written!r} is no cell or range such as A1 or A1:C3, and no name of"
                f" {self.path}",
                ErrorCode.INVALID_INPUT,
            )
        return self._file.titles[found[0]], found[1]

    def used(self, sheet: str, wanted: Callable[[], None]) -> Area | None:
        """The smallest range with every cell of the sheet that holds something."""
        content = self._file.content(sheet, wanted)
        places = set(content.places())
        for cell, change in self._changes.items():
            if cell.sheet == sheet.casefold():
                place = cell.row, cell.column
                (places.discard if change.kind == "empty" else places.add)(place)
        if not places:
            return None
        rows, columns = [row for row, _ in places], [column for _, column in places]
        return Area(min(rows), min(columns), max(rows), max(columns))

    def read(self, sheet: str, row: int, column: int, wanted: Callable[[], None]) -> Any:
        """The value of a cell; an empty text if it is empty.

        Raises NodeError for a formula of which the file holds no value that is still true.
        """
        cell = Cell(sheet.casefold(), row, column)
        change = self._changes.get(cell)
        if change is not None:
            if change.kind == "formula":
                raise self._not_calculated(cell, "was written in this run")
            return out_of(change)
        content = self._file.content(sheet, wanted)
        if (row, column) not in content.formulas and not content.block_at(row, column):
            value = content.value(row, column)
            return "" if value is None else value
        if self._changes and cell in self._stale(wanted):
            raise self._stale_value(cell)
        results = self._file.results_of(sheet, wanted)
        if (row, column) not in results:
            raise self._not_calculated(cell, "has no value in the file")
        return results[row, column]

    def holds_formula(self, sheet: str, area: Area, wanted: Callable[[], None]) -> bool:
        formulas = self._file.content(sheet, wanted).formulas
        if area.rows * area.columns < len(formulas):
            return any(place in formulas for place in area.cells())
        return any(area.holds(row, column) for row, column in formulas)

    # -- writing ---------------------------------------------------------------------------------

    def write(
        self, sheet: str, row: int, column: int, value: Any, wanted: Callable[[], None]
    ) -> Mapping[str, str]:
        """Let a cell hold *value* as to_cell reads it. Raises NodeError if it may not.

        What is worth a warning is returned, by what it is about: each is to be told once.
        """
        self.check_writable()
        content = self._file.content(sheet, wanted)
        made = to_cell(value, as_text=(row, column) in content.texts)
        cell = Cell(sheet.casefold(), row, column)
        self._check_alone(content, cell)
        self._check_shown(cell)
        self._check_heading(content, cell, made)
        self._changes[cell] = made
        if self._known_stale is not None:
            self._file.dependents(wanted).of([cell])  # It grows.
        return self._remarks(cell, made)

    # -- saving ----------------------------------------------------------------------------------

    def _load(self, raw: bytes) -> None:
        self._changes: dict[Cell, Content] = {}
        self._known_stale: AbstractSet[Cell] | None = None
        self._written = b""
        self._file = Contents(raw or _empty(), self.path)

    def _write(self, stream: IO[bytes]) -> None:
        with damage_told(self.path, self.format):
            self._written = self._patched() if self._changes else self._file.raw
        stream.write(self._written)

    def _saved(self) -> None:
        self._load(self._written)

    def _patched(self) -> bytes:
        parts, epoch = Parts(self._file.raw), self._file.epoch
        styles = Styles(parts)
        stale = self._stale(_always)
        keys = {cell.sheet for cell in (*self._changes, *stale)}
        for key in (key for key in self._file.titles if key in keys):
            changes = {(c.row, c.column): v for c, v in self._changes.items() if c.sheet == key}
            old = sorted((c.row, c.column) for c in stale - self._changes.keys() if c.sheet == key)
            patch(parts, self._file.titles[key], changes, old, styles, epoch)
        styles.save()
        calculate_when_opened(parts)
        made = io.BytesIO()
        parts.write(made)
        return made.getvalue()

    def _stale(self, wanted: Callable[[], None]) -> AbstractSet[Cell]:
        """The formulas whose value in the file may no longer be true."""
        if self._known_stale is None:
            self._known_stale = self._file.dependents(wanted).of(self._changes)
        return self._known_stale

    # -- what is told ----------------------------------------------------------------------------

    def _remarks(self, cell: Cell, made: Content) -> Mapping[str, str]:
        told = {}
        if made.fault:
            told[f"formula {self.path}"] = (
                f"{self._shown(cell)} holds text that begins with '=': it is no formula that Excel"
                f" reads ({made.fault}), and was written as text; formulas have English names and"
                " commas, and text is best written with ' before it; others like it are not told"
            )
        table = None if made.kind == "empty" else self._table_above(cell)
        if table is not None:
            told[f"table {table.name} {self.path}"] = (
                f"{self._shown(cell)} is directly beneath the table {table.name}, which does not"
                " grow by it: its filters and the formulas that name it leave the new rows out"
                "; enlarge it in Excel"
            )
        return told

    def _table_above(self, cell: Cell) -> Table | None:
        for table in self._file.tables.get(cell.sheet, ()):
            end = table.area.last_row
            if cell.row == end + 1 and table.area.holds(end, cell.column):
                return table
        return None

    # -- what may not be -------------------------------------------------------------------------

    def _check_alone(self, content: Sheet, cell: Cell) -> None:
        block = content.block_at(cell.row, cell.column)
        if block is None:
            return
        raise NodeError(
            f"{self._shown(cell)} is part of {block.what} in {block.area}, which cannot be changed"
            " in part",
            ErrorCode.INVALID_INPUT,
        )

    def _check_shown(self, cell: Cell) -> None:
        for area in self._file.merged(cell.sheet):
            first = (area.first_row, area.first_column)
            if area.holds(cell.row, cell.column) and first != (cell.row, cell.column):
                raise NodeError(
                    f"{self._shown(cell)} is hidden by the merged cells {area}"
                    f"; write {named(*first)}",
                    ErrorCode.INVALID_INPUT,
                )

    def _check_heading(self, content: Sheet, cell: Cell, made: Content) -> None:
        for table in self._file.tables.get(cell.sheet, ()):
            top = table.area
            if (
                not table.headings
                or cell.row != top.first_row
                or not top.holds(cell.row, cell.column)
            ):
                continue
            if made.value != content.value(cell.row, cell.column):
                raise NodeError(
                    f"{self._shown(cell)} is a heading of the table {table.name}, by which its"
                    " formulas name the column: it cannot be changed here"
                    "; rename the column in Excel, or write below it",
                    ErrorCode.INVALID_INPUT,
                )

    def _shown(self, cell: Cell) -> str:
        return f"{shown(cell._replace(sheet=self._file.titles[cell.sheet]))} of {self.path}"

    def _not_calculated(self, cell: Cell, why: str) -> NodeError:
        return NodeError(
            f"the formula in {self._shown(cell)} {why}, and formulas are not calculated here;"
            f" {_CALCULATE}",
            ErrorCode.RESOURCE_NOT_FOUND,
        )

    def _stale_value(self, cell: Cell) -> NodeError:
        return NodeError(
            f"the formula in {self._shown(cell)} depends, or may depend, on a cell that was changed"
            " in this run: its value in the file is no longer true, and formulas are not calculated"
            " here"
            f"; read it before the change; after it, save the workbook, {_CALCULATE}",
            ErrorCode.RESOURCE_NOT_FOUND,
        )


def too_many(area: Area) -> NodeError:
    return NodeError(
        f"a range of {area.rows:,} rows and {area.columns:,} columns is more than the"
        f" {MAX_CELLS:,} cells that a node gives"
        "; read a part at a time",
        ErrorCode.RESOURCE_EXHAUSTED,
    )


def _empty() -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - an extra

    made = io.BytesIO()
    book = Workbook()
    book.active.title = "Sheet1"  # As Excel calls it.
    book.save(made)
    return made.getvalue()


def _always() -> None:
    """Saving is not left half done."""
