"""What the file of an open workbook holds: sheets, results, names. Read when it is asked for."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Container
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from casare_rpa.nodes.office._formulas import Dependents, Where, references
from casare_rpa.nodes.office._package import WORKBOOK, damage_told
from casare_rpa.nodes.office._parts import Parts, Table
from casare_rpa.nodes.office._places import Area, Cell, parse_area, split_sheet
from casare_rpa.nodes.office._sheets import Sheet, read_results, read_sheet
from casare_rpa.nodes.values.reading import as_text


class Contents:
    """The content of a workbook's file. Sheets are keyed by their names in small letters.

    `wanted` of its methods is called now and then in long work, and may raise.
    """

    def __init__(self, raw: bytes, path: Path) -> None:
        """Raises NodeError, which names *path*, for what cannot be read."""
        self.raw = raw
        self._path = path
        self._sheets: dict[str, Sheet] = {}
        self._results: dict[str, dict[tuple[int, int], Any]] = {}
        self._merged: dict[str, list[Area]] = {}
        self._known_dependents: Dependents | None = None
        with damage_told(path, WORKBOOK):
            self.parts = Parts(raw)
            for title in self.parts.empty_charts:
                raise ValueError(
                    f"the chart sheet {title!r} holds no chart; put one in or delete it"
                )
            self._book = _opened(raw, data_only=False)
            #: Whether it was saved last by a program that does not calculate.
            self.waits_for_calculation = self.parts.is_to_be_calculated
            if not self.titles:
                raise ValueError("it has no sheet with cells")

    @cached_property
    def titles(self) -> dict[str, str]:
        """The sheets with cells, in their order, by their names in small letters."""
        known = self.parts.sheets
        return {t.casefold(): t for t in self._book.sheetnames if t in known}

    @cached_property
    def _values(self) -> Any:
        """The workbook as openpyxl opens it with the results of its formulas."""
        return _opened(self.raw, data_only=True)

    @cached_property
    def tables(self) -> dict[str, list[Table]]:
        with damage_told(self._path, WORKBOOK):
            return {key: self.parts.tables(title) for key, title in self.titles.items()}

    @cached_property
    def _definitions(self) -> dict[str, dict[str, str]]:
        """What names stand for, by sheet; those of the whole workbook under an empty name."""
        owners = {"": self._book, **{key: self._book[title] for key, title in self.titles.items()}}
        return {
            key: {name.casefold(): as_text(d.attr_text) for name, d in owner.defined_names.items()}
            for key, owner in owners.items()
        }

    @property
    def epoch(self) -> datetime:
        epoch: datetime = self._book.epoch
        return epoch

    def content(self, sheet: str, wanted: Callable[[], None]) -> Sheet:
        key = sheet.casefold()
        if key not in self._sheets:
            with damage_told(self._path, WORKBOOK):
                self._sheets[key] = read_sheet(self._book[sheet], wanted)
        return self._sheets[key]

    def results_of(self, sheet: str, wanted: Callable[[], None]) -> dict[tuple[int, int], Any]:
        key = sheet.casefold()
        if key not in self._results:
            content = self.content(sheet, wanted)
            with damage_told(self._path, WORKBOOK):
                self._results[key] = read_results(self._values[sheet], content, wanted)
        return self._results[key]

    def dependents(self, wanted: Callable[[], None]) -> Dependents:
        if self._known_dependents is None:
            formulas: dict[Cell, str] = {}
            for key, title in self.titles.items():
                content = self.content(title, wanted)
                formulas |= {Cell(key, *place): text for place, text in content.formulas.items()}
                for block in content.blocks:
                    filled = (at for at in content.places() if block.area.holds(*at))
                    formulas |= {Cell(key, *at): block.formula for at in filled}
            self._known_dependents = Dependents(formulas, self._read_by)
        return self._known_dependents

    def _read_by(self, cell: Cell, text: str) -> list[Where] | None:
        """What a name in the formula of a cell reads; None: nobody can tell."""
        meaning = self.meaning(cell, text)
        place = self.of_table(cell, text) if meaning is None else place_of(meaning, self.titles)
        if place is not None:
            return [place]
        is_constant = meaning is not None and not list(references(f"={meaning}"))
        return [] if is_constant else None

    def meaning(self, cell: Cell, text: str) -> str | None:
        """What a name of the workbook, or of the cell's sheet, stands for."""
        sheet, name = split_sheet(text)
        own = self._definitions.get(sheet.casefold() or cell.sheet, {})
        return own.get(name.casefold()) or self._definitions[""].get(name.casefold())

    def of_table(self, cell: Cell, text: str) -> Where | None:
        """All of a table, for whatever part of it; of its row alone if that is said."""
        name, _, part = text.partition("[")
        for key, tables in self.tables.items():
            for table in tables:
                if table.name.casefold() != name.strip().casefold():
                    continue
                area = table.area
                if "[#this row]" in part.casefold() or part.startswith("@"):
                    area = Area(cell.row, area.first_column, cell.row, area.last_column)
                return key, area
        return None

    def merged(self, key: str) -> list[Area]:
        """The cells of a sheet that are shown as one."""
        if key not in self._merged:
            with damage_told(self._path, WORKBOOK):
                self._merged[key] = self.parts.merged(self.titles[key])
        return self._merged[key]


def place_of(text: str, sheets: Container[str]) -> Where | None:
    """The place that the meaning of a name is, if it is one."""
    sheet, rest = split_sheet(text)
    area = parse_area(rest)
    if area is None or sheet.casefold() not in sheets:
        return None
    return sheet.casefold(), area


def _opened(raw: bytes, *, data_only: bool) -> Any:
    from openpyxl import load_workbook  # noqa: PLC0415 - an extra

    # Its remarks are on what it does not read, none of which is lost here.
    logging.getLogger("openpyxl").setLevel(logging.CRITICAL)
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    return load_workbook(io.BytesIO(raw), read_only=True, data_only=data_only, keep_links=False)
