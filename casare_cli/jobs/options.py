"""Options of the commands that make jobs."""

from __future__ import annotations

from typing import Annotated

import typer

InputOption = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="INPUT",
        help="name=text, name:=json, @FILE.json or - (stdin); may be repeated.",
    ),
]
PriorityOption = Annotated[
    int, typer.Option(min=0, max=20, help="0 is the most urgent.", show_default=True)
]
TimeoutOption = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Longest run, such as 10m.")
]
WaitOption = Annotated[
    bool, typer.Option("--wait", "-w", help="Wait for the end; exit with the outcome.")
]
FollowOption = Annotated[
    bool, typer.Option("--follow", "-f", help="Show the steps until the end, on stderr.")
]
WaitTimeoutOption = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Wait no longer than this (exit 8).")
]
