"""Tables for people at a terminal: columns while they fit, else a block of lines for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

#: A word that is longer may be broken; ids are not.
_LONGEST_WHOLE_WORD = 40
_GAP = 2


def print_table(console: Console, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* so that no id is broken, on however narrow a terminal."""
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(_least_width(cell) for cell in column) for column in columns]
    if sum(widths) + _GAP * (len(widths) - 1) > console.width:
        console.print(_blocks(titles, rows), soft_wrap=True)
    else:
        console.print(_table(titles, rows, widths))


def _least_width(cell: str) -> int:
    """The cells of the longest word that must stay whole."""
    return min(max(map(cell_len, cell.split()), default=0), _LONGEST_WHOLE_WORD)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title, width in zip(titles, widths, strict=True):
        table.add_column(Text(title), overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*map(styled, row))
    return table


def _blocks(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Text:
    """Each row as lines `TITLE  value`, an empty line between two rows."""
    width = max(map(len, titles))
    return Text("\n\n").join(
        Text("\n").join(
            Text.assemble((f"{title:<{width}}", "bold"), "  ", styled(cell))
            for title, cell in zip(titles, row, strict=True)
            if cell
        )
        for row in rows
    )


def styled(cell: str) -> Text:
    """*cell* in the colour of the state that it names, if it names one."""
    return Text(cell, style=_STYLES.get(cell, ""))


_STYLES = {
    "completed": "green",
    "active": "green",
    "idle": "green",
    "running": "cyan",
    "busy": "cyan",
    "claimed": "cyan",
    "failed": "red",
    "timeout": "red",
    "error": "red",
    "cancelled": "yellow",
    "offline": "dim",
    "revoked": "dim",
    "expired": "dim",
}
