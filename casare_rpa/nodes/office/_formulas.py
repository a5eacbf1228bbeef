"""Which formulas depend on which cells, so that no value is given that a change made wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from casare_rpa.nodes.office._areas import Areas
from casare_rpa.nodes.office._places import Area, Cell, parse_area, split_sheet

#: More formulas are not looked into: all of them then count as depending on any change.
MAX_FORMULAS: Final = 300_000
#: A reference to so few cells is kept for each of them, which finds it at once.
_FEW = 64
#: So many spans of columns are looked into for one change; then all formulas count as reached.
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
        self._by_area: dict[str, Areas] = defaultdict(Areas)
        self._reached: set[Cell] = set()
        #: Formulas of which nobody can tell what they read; what depends on them is not found yet.
        self._unsure: set[Cell] = set()
        if len(formulas) > MAX_FORMULAS:
            self._reached.update(formulas)
            return
        for cell, formula in formulas.items():
            self._add(cell, formula)

    def of(self, changed: Iterable[Cell]) -> AbstractSet[Cell]:
        """The formulas whose value may be another after these changes and all that came before.

        The set is the same one each time, and grows: what was reached once is not gone over again.
        """
        self._reached |= self._unsure
        waiting = [*changed, *self._unsure]
        self._unsure.clear()
        looks = 0
        while waiting and len(self._reached) < len(self._all):
            cell = waiting.pop()
            areas = self._by_area.get(cell.sheet)
            looks += areas.looks(cell.column) if areas else 0
            if looks > _MOST_LOOKS:
                self._reached.update(self._all)
                break
            # Whoever is taken is reached for good, so that nobody has to find it once more.
            taken = self._by_cell.pop(cell, [])
            for dependent in (*taken, *(areas.take(cell.row, cell.column) if areas else ())):
                if dependent not in self._reached:
                    self._reached.add(dependent)
                    waiting.append(dependent)
        return self._reached

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
                    self._by_area[sheet].add(area, cell)

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
