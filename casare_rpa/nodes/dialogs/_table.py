"""Rows as the lines of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from casare_rpa.nodes.base import Context
from casare_rpa.nodes.dialogs._lines import cells, fitted, one_line, padded
from casare_rpa.nodes.values.reading import as_text

GAP = "  "
_WIDEST_CELL = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the columns that a terminal has room for."""

    head: str
    lines: list[str]
    #: Each row with all that is in its columns: what a word is looked for in.
    texts: list[str]
    columns_left_out: int


def table(ctx: Context, rows: Sequence[Any], wanted: Sequence[str], room: int) -> Table:
    """The *wanted* columns of *rows*, or all; of these the first that *room* columns hold."""
    maps = [_as_map(row) for row in rows]
    names = list(wanted) or list(dict.fromkeys(name for row in maps for name in row))
    whole = [[_text(ctx, row.get(name)) for name in names] for row in maps]
    head = [_text(ctx, name) for name in names]
    lines = [[fitted(text, _WIDEST_CELL) for text in line] for line in (head, *whole)]
    widths = [max(cells(line[column]) for line in lines) for column in range(len(names))]
    count = _fitting(widths, room)
    drawn = [GAP.join(map(padded, line[:count], widths[:count])).rstrip() for line in lines]
    return Table(
        head=drawn[0],
        lines=drawn[1:],
        texts=[GAP.join(line) for line in whole],
        columns_left_out=len(names) - count,
    )


def _fitting(widths: Sequence[int], room: int) -> int:
    """How many columns stand beside each other in *room*: one at least."""
    count = len(widths)
    while count > 1 and sum(widths[:count]) + len(GAP) * (count - 1) > room:
        count -= 1
    return count


def _as_map(row: Any) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return {as_text(name): value for name, value in row.items()}
    values = row if isinstance(row, (list, tuple)) else [row]
    return {str(number): value for number, value in enumerate(values, start=1)}


def _text(ctx: Context, value: Any) -> str:
    # What is cut off a secret would not be known as one.
    return one_line(ctx.masked(as_text(value)))
