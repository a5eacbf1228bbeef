"""The fleet on a terminal: once, or as a full screen that renews itself."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from casare_cli.fleet.now import Fleet
from casare_cli.lists.robots import Sorting
from casare_cli.terminal.keyboard import DRAW_AGAIN, keys
from casare_cli.terminal.output import Output
from casare_cli.terminal.tables import styled
from casare_cli.terminal.text import one_line
from casare_rpa.errors import CasareError

_QUEUES = ("QUEUE", "PENDING", "OLDEST")
_ROBOTS = ("ROBOT", "STATE", "JOBS", "ENVIRONMENT", "")
#: Columns in the order in which they get room on a narrow terminal.
_QUEUES_FIRST = (1, 2, 0)
_ROBOTS_FIRST = (1, 2, 0, 4, 3)
_GAP = 2
#: A column with less room says nothing.
_LEAST_CELLS = 4
#: Lines around the tables: the headlines, titles and blank lines.
_OTHER_ROWS = 9
_MOST_QUEUES = 8
#: The screen of its own and the cursor: left for the shell's, and taken again.
_LEAVE, _COME_BACK = b"\x1b[?1049l\x1b[?25h", b"\x1b[?1049h\x1b[?25l\x1b[2J"


def print_once(out: Output, fleet: Fleet, sorting: Sorting) -> None:
    console = out.console()
    console.print(_picture(fleet, sorting, rows=None, width=console.width))


def show_live(
    out: Output, look: Callable[[], Fleet], *, sorting: Sorting, interval_seconds: float
) -> None:
    """Until q is pressed. An orchestrator that is away is told of, and asked again.

    Raises what another try would not mend.
    """
    console = out.console()
    fleet, trouble = look(), ""
    with Live(console=console, screen=True, auto_refresh=False) as live, _keys(console) as key:
        while True:
            live.update(_screen(console, fleet, sorting, interval_seconds, trouble), refresh=True)
            pressed = _wait(key, interval_seconds)
            if pressed in ("q", "Q"):
                return
            if pressed == "s":
                sorting = sorting.next()
                continue
            if pressed == DRAW_AGAIN:
                live.refresh()  # at once, with what is known
            try:
                fleet, trouble = look(), ""
            except CasareError as error:
                if not error.retryable:
                    raise
                trouble = error.message


def _keys(console: Console) -> contextlib.AbstractContextManager[Callable[[float], str]]:
    def write(codes: bytes) -> None:
        if console.is_alt_screen:
            with contextlib.suppress(OSError):  # a terminal that is gone
                os.write(console.file.fileno(), codes)

    return keys(leave=lambda: write(_LEAVE), come_back=lambda: write(_COME_BACK))


def _wait(key: Callable[[float], str], seconds: float) -> str:
    """The first key that means something within that time; "" without one."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if (pressed := key(left)) in ("q", "Q", "s", " ", DRAW_AGAIN):
            return pressed
    return ""


def _screen(
    console: Console, fleet: Fleet, sorting: Sorting, interval_seconds: float, trouble: str
) -> RenderableType:
    head = _head(datetime.now(UTC), interval_seconds, sorting, width=console.width)
    lines: list[RenderableType] = [_line(head, "dim")]
    if trouble:
        lines.append(_line(f"trying again: {trouble}", "red"))
    rows = console.size.height - _OTHER_ROWS
    return Group(*lines, _picture(fleet, sorting, rows=rows, width=console.width))


def _head(now: datetime, interval_seconds: float, sorting: Sorting, *, width: int) -> str:
    """The keys, and on a terminal with room for it how often is asked."""
    head = f"{now:%H:%M:%S}Z  every {interval_seconds:g} s  q: quit  s: sorted by {sorting}"
    return head if len(head) <= width else f"{now:%H:%M:%S}Z  q: quit  s: by {sorting}"


def _picture(fleet: Fleet, sorting: Sorting, *, rows: int | None, width: int) -> RenderableType:
    """Headlines and tables; of the tables what fits into *rows*."""
    queues = fleet.queue_rows()
    robots = fleet.robot_rows(sorting)
    parts: list[RenderableType] = [_line(text) for text in fleet.headlines()]
    if rows is not None:
        queues, more_queues = queues[:_MOST_QUEUES], len(queues) - _MOST_QUEUES
        room = max(1, rows - len(queues))
        robots, more_robots = robots[:room], len(robots) - room
    else:
        more_queues = more_robots = 0
    if queues:
        parts += [Text(), _table(_QUEUES, queues, _QUEUES_FIRST, width), *_more(more_queues)]
    if robots:
        parts += [Text(), _table(_ROBOTS, robots, _ROBOTS_FIRST, width), *_more(more_robots)]
    return Group(*parts)


def _more(count: int) -> list[RenderableType]:
    return [_line(f"... {count} more", "dim")] if count > 0 else []


def _line(text: str, style: str = "") -> Text:
    return Text(one_line(text), style=style, overflow="ellipsis", no_wrap=True)


def _table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], first: Sequence[int], room: int
) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = _widths([titles, *cells], first, room)
    for index, width in widths.items():
        table.add_column(Text(titles[index]), overflow="ellipsis", no_wrap=True, width=width)
    for row in cells:
        table.add_row(*(styled(row[index]) for index in widths))
    return table


def _widths(rows: Sequence[Sequence[str]], first: Sequence[int], room: int) -> dict[int, int]:
    """How wide the columns are that have room, which they get in the order *first*."""
    found: dict[int, int] = {}
    for index in first:
        wanted = max(cell_len(row[index]) for row in rows)
        if not wanted:
            continue
        width = min(wanted, room)
        if width < min(wanted, _LEAST_CELLS):
            break
        found[index] = width
        room -= width + _GAP
    return dict(sorted(found.items()))
