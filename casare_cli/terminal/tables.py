"""Tables for people at a terminal: the columns that fit, else a block of lines for each row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console

    from casare_cli.terminal.columns import Column

#: A word that is longer may be broken; ids are not.
_LONGEST_WHOLE_WORD = 40
_GAP = 2


def print_table(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print *rows* so that no id is broken, on however narrow a terminal."""
    titles = [column.title for column in columns]
    widths = [
        max(map(_least_width, (title, *cells))) for title, *cells in zip(titles, *rows, strict=True)
    ]
    shown = _fitting(columns, widths, console.width)
    if not shown:
        console.print(_blocks(titles, rows), soft_wrap=True)
        return
    kept = [[row[index] for index in shown] for row in rows]
    console.print(
        _table([titles[index] for index in shown], kept, [widths[index] for index in shown])
    )


def _fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """The places of the columns that fit side by side; none when those do not that must."""
    shown = list(range(len(columns)))
    spare = [index for index in shown if columns[index].spare]
    while sum(widths[index] for index in shown) + _GAP * (len(shown) - 1) > room:
        if not spare:
            return []
        shown.remove(spare.pop())
    return shown


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


def in_colour(cell: str) -> str:
    """The same for a pipe, where colours are wanted all the same (CLICOLOR_FORCE)."""
    style = _STYLES.get(cell)
    return cell if style is None else f"\x1b[{_ANSI[style]}m{cell}\x1b[0m"


_ANSI = {"green": "32", "cyan": "36", "red": "31", "yellow": "33", "dim": "2"}
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
