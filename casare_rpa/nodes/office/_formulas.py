"""Which formulas depend on which cells, so that no value is given that a change made wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from casare_rpa.nodes.office._places import Area, Cell, parse_area, split_sheet

#: More formulas are not looked into: all of them then count as depending on any change.
MAX_FORMULAS: Final = 300_000
#: A reference to so few cells is kept for each of them, which finds it at once.
_FEW = 64
#: So many areas are looked into for one change; then all formulas count as depending on it.
_MOST_LOOKS = 20_000_000
#: Functions whose arguments say only when they are calculated which cells they read.
_REACHING = ("INDIRECT(", "OFFSET(")

_OF_OTHER_FILES = re.compile(r"'?\[\d+\]")

#: A sheet, its name in small letters, and cells of it.
Where = tuple[str, Area]
#: What a name in the formula of a cell reads; None: nobody can tell.
Names = Callable[[Cell, str], Sequence[Where] | None]


class Dependents:
    """Who depends on a cell, by the formulas of a workbook."""

    def __init__(self, formulas: Mapping[Cell, str], names: Names) -> None:
        """The sheets of cells are named in small letters; *names* says what a name reads."""
        self._all = formulas
        self._names = names
        self._by_cell: dict[Cell, list[Cell]] = defaultdict(list)
        self._by_area: dict[str, dict[Area, list[Cell]]] = defaultdict(lambda: defaultdict(list))
        #: Formulas of which nobody can tell what they read.
        self._unsure: set[Cell] = set()
        if len(formulas) > MAX_FORMULAS:
            self._unsure.update(formulas)
            return
        for cell, formula in formulas.items():
            self._add(cell, formula)

    def of(self, changed: Iterable[Cell]) -> set[Cell]:
        """The formulas whose value may be another after a change of these cells."""
        found = set(self._unsure)
        waiting = [*changed, *found]
        looks = 0
        while waiting:
            cell = waiting.pop()
            looks += len(self._by_area.get(cell.sheet, ()))
            if looks > _MOST_LOOKS:
                return set(self._all)
            for dependent in self._direct(cell):
                if dependent not in found:
                    found.add(dependent)
                    waiting.append(dependent)
        return found

    def _direct(self, cell: Cell) -> Iterator[Cell]:
        yield from self._by_cell.get(cell, ())
        for area, dependents in self._by_area.get(cell.sheet, {}).items():
            if area.holds(cell.row, cell.column):
                yield from dependents

    def _add(self, cell: Cell, formula: str) -> None:
        for reference in references(formula):
            places = None if reference is None else self._places(cell, reference)
            if places is None:
                self._unsure.add(cell)
            for sheet, area in places or ():
                if area.rows * area.columns <= _FEW:
                    for row, column in area.cells():
                        self._by_cell[Cell(sheet, row, column)].append(cell)
                else:
                    self._by_area[sheet][area].append(cell)

    def _places(self, cell: Cell, reference: str) -> Sequence[Where] | None:
        sheet, rest = split_sheet(reference)
        area = parse_area(rest)
        if area is None:
            return self._names(cell, reference)
        # Of several sheets at once (`First:Last!A1`) it is not told which.
        return None if ":" in sheet else [(sheet.casefold() or cell.sheet, area)]


def references(formula: str) -> Iterator[str | None]:
    """What a formula refers to; None for what cannot be told. Other workbooks are left out."""
    from openpyxl.formula import Tokenizer  # noqa: PLC0415 - an extra
    from openpyxl.formula.tokenizer import Token, TokenizerError  # noqa: PLC0415

    try:
        tokens = Tokenizer(formula).items
    except (TokenizerError, IndexError, ValueError):
        yield None
        return
    for token in tokens:
        if token.type == Token.FUNC and token.value.upper() in _REACHING:
            yield None
        elif token.subtype == Token.RANGE and not _OF_OTHER_FILES.match(token.value):
            yield token.value
