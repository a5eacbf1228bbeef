"""The areas of a sheet that hold a cell, found without a look at all of them."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator

from casare_rpa.nodes.office._places import Area, Cell

#: First and last column.
_Span = tuple[int, int]


class Areas:
    """Who reads which areas of a sheet. All areas are added before the first one is taken."""

    def __init__(self) -> None:
        self._added: dict[_Span, list[tuple[int, int, Cell]]] = defaultdict(list)
        self._rows: dict[_Span, _Rows] = {}
        self._by_column: dict[int, list[_Span]] = {}

    def add(self, area: Area, reader: Cell) -> None:
        span = (area.first_column, area.last_column)
        self._added[span].append((area.first_row, area.last_row, reader))

    def looks(self, column: int) -> int:
        """How many spans of columns have to be looked into for a cell in *column*."""
        return len(self._spans(column))

    def take(self, row: int, column: int) -> Iterator[Cell]:
        """The readers of the areas that hold a cell, which are then forgotten."""
        for span in self._spans(column):
            if span not in self._rows:
                self._rows[span] = _Rows(self._added[span])
            yield from self._rows[span].take(row)

    def _spans(self, column: int) -> list[_Span]:
        found = self._by_column.get(column)
        if found is None:
            found = [span for span in self._added if span[0] <= column <= span[1]]
            self._by_column[column] = found
        return found


class _Rows:
    """Readers of stretches of rows, each with its first and last one.

    They are sorted by the first row, and are the leaves of a tree in which each node knows the last
    row of all below it: `_lasts` has the children of the node n at 2n and 2n + 1, and 0 where
    nothing is left.
    """

    def __init__(self, stretches: list[tuple[int, int, Cell]]) -> None:
        stretches.sort()
        self._firsts = [first for first, _, _ in stretches]
        self._readers = [reader for _, _, reader in stretches]
        self._size = 1 << (len(stretches) - 1).bit_length()
        self._lasts = [0] * (2 * self._size)
        self._lasts[self._size : self._size + len(stretches)] = [last for _, last, _ in stretches]
        for node in range(self._size - 1, 0, -1):
            self._lasts[node] = max(self._lasts[2 * node], self._lasts[2 * node + 1])

    def take(self, row: int) -> list[Cell]:
        """The readers of stretches with *row*, which are then forgotten."""
        end = bisect_right(self._firsts, row)
        found = []
        # A node, the number of its first leaf and how many it has.
        waiting = [(1, 0, self._size)]
        while waiting:
            node, begin, width = waiting.pop()
            if begin >= end or self._lasts[node] < row:
                continue
            if width == 1:
                found.append(begin)
            else:
                half = width // 2
                waiting += [(2 * node, begin, half), (2 * node + 1, begin + half, half)]
        for leaf in found:
            self._forget(leaf)
        return [self._readers[leaf] for leaf in found]

    def _forget(self, leaf: int) -> None:
        node = self._size + leaf
        self._lasts[node] = 0
        while node > 1:
            node //= 2
            self._lasts[node] = max(self._lasts[2 * node], self._lasts[2 * node + 1])
