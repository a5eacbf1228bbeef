"""A workbook that is open: read by openpyxl, changed cell by cell in its own XML."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Container
from datetime import datetime
from functools import cached_property
from typing import IO, Any, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.office._files import OfficeFile
from casare_rpa.nodes.office._formulas import Dependents, Where, references
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
from casare_rpa.nodes.office._sheets import Sheet, read_results, read_sheet
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
        return self._parts.is_to_be_calculated

    # -- reading ---------------------------------------------------------------------------------

    def sheet(self, value: Any) -> str:
        """The name of the sheet that a parameter gives: a name, or a number counted from 1."""
        titles = list(self._titles.values())
        title = self._titles.get(as_text(value).strip().casefold())
        number = number_or_none(value)
        if isinstance(value, str) and title is not None:
            return title
        if number is None and not as_text(value).strip():
            number = 1
        if number is not None and number == int(number) and 1 <= number <= len(titles):
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
        meaning = self._meaning(cell, written)
        found = _place(meaning, self._titles) if meaning else self._of_table(cell, written)
        if found is None:
            raise NodeError(
                f"{parameter}: {written!r} is no cell or range such as A1 or A1:C3, and no name of"
                f" {self.path}",
                ErrorCode.INVALID_INPUT,
            )
        return self._titles[found[0]], found[1]

    def used(self, sheet: str, wanted: Callable[[], None]) -> Area | None:
        """The smallest range with every cell of the sheet that holds something."""
        content = self._content(sheet, wanted)
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
        content = self._content(sheet, wanted)
        if (row, column) not in content.formulas and not content.block_at(row, column):
            value = content.value(row, column)
            return "" if value is None else value
        if self._changes and cell in self._stale(wanted):
            raise self._stale_value(cell)
        results = self._results_of(sheet, wanted)
        if (row, column) not in results:
            raise self._not_calculated(cell, "has no value in the file")
        return results[row, column]

    def holds_formula(self, sheet: str, area: Area, wanted: Callable[[], None]) -> bool:
        formulas = self._content(sheet, wanted).formulas
        if area.rows * area.columns < len(formulas):
            return any(place in formulas for place in area.cells())
        return any(area.holds(row, column) for row, column in formulas)

    # -- writing ---------------------------------------------------------------------------------

    def write(
        self, sheet: str, row: int, column: int, value: Any, wanted: Callable[[], None]
    ) -> None:
        """Let a cell hold *value* as to_cell reads it. Raises NodeError if it may not."""
        self.check_writable()
        content = self._content(sheet, wanted)
        made = to_cell(value, as_text=(row, column) in content.texts)
        cell = Cell(sheet.casefold(), row, column)
        self._check_alone(content, cell)
        self._check_shown(cell)
        self._check_heading(content, cell, made)
        self._changes[cell] = made
        if self._known_stale is not None:
            self._known_stale |= self._dependents(wanted).of([cell])

    # -- saving ----------------------------------------------------------------------------------

    def _load(self, raw: bytes) -> None:
        self._raw = raw or _empty()
        self._changes: dict[Cell, Content] = {}
        self._sheets: dict[str, Sheet] = {}
        self._results: dict[str, dict[tuple[int, int], Any]] = {}
        self._known_stale: set[Cell] | None = None
        self._known_dependents: Dependents | None = None
        self._merged: dict[str, list[Area]] = {}
        self._written = b""
        for name in ("_values", "_titles", "_tables", "_definitions"):
            self.__dict__.pop(name, None)
        with damage_told(self.path, self.format):
            self._parts = Parts(self._raw)
            self._book = _opened(self._raw, data_only=False)
            if not self._titles:
                raise ValueError("it has no sheet with cells")

    def _write(self, stream: IO[bytes]) -> None:
        with damage_told(self.path, self.format):
            self._written = self._patched() if self._changes else self._raw
        stream.write(self._written)

    def _saved(self) -> None:
        self._load(self._written)

    def _patched(self) -> bytes:
        parts, epoch = Parts(self._raw), self._epoch
        styles = Styles(parts)
        stale = self._stale(_always)
        keys = {cell.sheet for cell in (*self._changes, *stale)}
        for key in (key for key in self._titles if key in keys):
            changes = {(c.row, c.column): v for c, v in self._changes.items() if c.sheet == key}
            old = sorted((c.row, c.column) for c in stale - self._changes.keys() if c.sheet == key)
            patch(parts, self._titles[key], changes, old, styles, epoch)
        styles.save()
        calculate_when_opened(parts)
        made = io.BytesIO()
        parts.write(made)
        return made.getvalue()

    # -- what is known of it ---------------------------------------------------------------------

    @cached_property
    def _titles(self) -> dict[str, str]:
        """The sheets with cells, in their order, by their names in small letters."""
        known = self._parts.sheets
        return {t.casefold(): t for t in self._book.sheetnames if t in known}

    @cached_property
    def _values(self) -> Any:
        """The workbook as openpyxl opens it with the results of its formulas."""
        return _opened(self._raw, data_only=True)

    @cached_property
    def _tables(self) -> dict[str, list[Table]]:
        return {key: self._parts.tables(title) for key, title in self._titles.items()}

    @cached_property
    def _definitions(self) -> dict[str, dict[str, str]]:
        """What names stand for, by sheet; those of the whole workbook under an empty name."""
        owners = {"": self._book, **{key: self._book[title] for key, title in self._titles.items()}}
        return {
            key: {name.casefold(): as_text(d.attr_text) for name, d in owner.defined_names.items()}
            for key, owner in owners.items()
        }

    @property
    def _epoch(self) -> datetime:
        epoch: datetime = self._book.epoch
        return epoch

    def _content(self, sheet: str, wanted: Callable[[], None]) -> Sheet:
        key = sheet.casefold()
        if key not in self._sheets:
            with damage_told(self.path, self.format):
                self._sheets[key] = read_sheet(self._book[sheet], wanted)
        return self._sheets[key]

    def _results_of(self, sheet: str, wanted: Callable[[], None]) -> dict[tuple[int, int], Any]:
        key = sheet.casefold()
        if key not in self._results:
            content = self._content(sheet, wanted)
            with damage_told(self.path, self.format):
                self._results[key] = read_results(self._values[sheet], content, wanted)
        return self._results[key]

    def _stale(self, wanted: Callable[[], None]) -> set[Cell]:
        """The formulas whose value in the file may no longer be true."""
        if self._known_stale is None:
            self._known_stale = self._dependents(wanted).of(self._changes)
        return self._known_stale

    def _dependents(self, wanted: Callable[[], None]) -> Dependents:
        if self._known_dependents is None:
            formulas: dict[Cell, str] = {}
            for key, title in self._titles.items():
                content = self._content(title, wanted)
                formulas |= {Cell(key, *place): text for place, text in content.formulas.items()}
                for block in content.blocks:
                    filled = (at for at in content.places() if block.area.holds(*at))
                    formulas |= {Cell(key, *at): block.formula for at in filled}
            self._known_dependents = Dependents(formulas, self._read_by)
        return self._known_dependents

    def _read_by(self, cell: Cell, text: str) -> list[Where] | None:
        """What a name in the formula of a cell reads; None: nobody can tell."""
        meaning = self._meaning(cell, text)
        place = self._of_table(cell, text) if meaning is None else _place(meaning, self._titles)
        if place is not None:
            return [place]
        is_constant = meaning is not None and not list(references(f"={meaning}"))
        return [] if is_constant else None

    def _meaning(self, cell: Cell, text: str) -> str | None:
        """What a name of the workbook, or of the cell's sheet, stands for."""
        sheet, name = split_sheet(text)
        own = self._definitions.get(sheet.casefold() or cell.sheet, {})
        return own.get(name.casefold()) or self._definitions[""].get(name.casefold())

    def _of_table(self, cell: Cell, text: str) -> Where | None:
        """All of a table, for whatever part of it; of its row alone if that is said."""
        name, _, part = text.partition("[")
        for key, tables in self._tables.items():
            for table in tables:
                if table.name.casefold() != name.strip().casefold():
                    continue
                area = table.area
                if "[#this row]" in part.casefold() or part.startswith("@"):
                    area = Area(cell.row, area.first_column, cell.row, area.last_column)
                return key, area
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
        if cell.sheet not in self._merged:
            self._merged[cell.sheet] = self._parts.merged(self._titles[cell.sheet])
        for area in self._merged[cell.sheet]:
            first = (area.first_row, area.first_column)
            if area.holds(cell.row, cell.column) and first != (cell.row, cell.column):
                raise NodeError(
                    f"{self._shown(cell)} is hidden by the merged cells {area}"
                    f"; write {named(*first)}",
                    ErrorCode.INVALID_INPUT,
                )

    def _check_heading(self, content: Sheet, cell: Cell, made: Content) -> None:
        for table in self._tables.get(cell.sheet, ()):
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
        return f"{shown(cell._replace(sheet=self._titles[cell.sheet]))} of {self.path}"

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


def _place(text: str, sheets: Container[str]) -> Where | None:
    """The place that the meaning of a name is, if it is one."""
    sheet, rest = split_sheet(text)
    area = parse_area(rest)
    if area is None or sheet.casefold() not in sheets:
        return None
    return sheet.casefold(), area


def too_many(area: Area) -> NodeError:
    return NodeError(
        f"a range of {area.rows:,} rows and {area.columns:,} columns is more than the"
        f" {MAX_CELLS:,} cells that a node gives"
        "; read a part at a time",
        ErrorCode.RESOURCE_EXHAUSTED,
    )


def _opened(raw: bytes, *, data_only: bool) -> Any:
    from openpyxl import load_workbook  # noqa: PLC0415 - an extra

    # Its remarks are on what it does not read, none of which is lost here.
    logging.getLogger("openpyxl").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    return load_workbook(io.BytesIO(raw), read_only=True, data_only=data_only, keep_links=False)


def _empty() -> bytes:
    from openpyxl import Workbook  # noqa: PLC0415 - an extra

    made = io.BytesIO()
    book = Workbook()
    book.active.title = "Sheet1"  # As Excel calls it.
    book.save(made)
    return made.getvalue()


def _always() -> None:
    """Saving is not left half done."""
