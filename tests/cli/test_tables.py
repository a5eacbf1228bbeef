"""Tables on terminals of any width."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from casare_cli.terminal.columns import Column
from casare_cli.terminal.tables import print_table

ID = "01a22c25-a275-73b0-b91c-3f393143197e"
COLUMNS = (
    Column("JOB", "id"),
    Column("STATUS", "status"),
    Column("ROBOT", "robot", spare=True),
    Column("DURATION", "duration", spare=True),
)
ROW = (ID, "completed", "robot-in-the-hall", "5.0 s")


def shown(width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, no_color=True)
    print_table(console, COLUMNS, [ROW])
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("width", "titles"),
    [
        (80, ["JOB", "STATUS", "ROBOT", "DURATION"]),
        (70, ["JOB", "STATUS", "ROBOT"]),
        (50, ["JOB", "STATUS"]),
    ],
)
def test_the_last_spare_column_gives_way_first(width: int, titles: list[str]) -> None:
    header, row = shown(width)
    assert header.split() == titles
    assert row.split(maxsplit=1)[0] == ID


def test_what_must_be_seen_stands_in_lines_where_it_does_not_fit() -> None:
    assert shown(40) == [
        f"JOB       {ID}",
        "STATUS    completed",
        "ROBOT     robot-in-the-hall",
        "DURATION  5.0 s",
    ]
