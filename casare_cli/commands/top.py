"""`casare-rpa top`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_cli.lists.robots import Sorting
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import one_line

if TYPE_CHECKING:
    from casare_cli.fleet.now import Fleet


def run(
    ctx: typer.Context,
    interval: Annotated[
        str, typer.Option(metavar="DURATION", help="How often it is asked, 200ms at least.")
    ] = "2s",
    window: Annotated[
        str, typer.Option(metavar="DURATION", help="How far back ended jobs are counted.")
    ] = "5m",
    sort: Annotated[Sorting, typer.Option(help="What robots are sorted by.")] = Sorting.NAME,
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
) -> None:
    """Watch the fleet: robots with their jobs, queues with their oldest job, what ended lately.

    Fills the screen and renews itself until q is pressed; s changes the sorting, the space bar asks
    at once. Where stdin or stdout is no terminal it is printed once.

    Examples:
        casare-rpa top
        casare-rpa top --once -o json | jq '.queues[0].pending'
        casare-rpa top --sort load --interval 10s --window 1h
    """
    from casare_cli.fleet.now import look

    app: App = ctx.obj
    seconds = _between(interval, "--interval", least=0.2, most=3600)
    window_seconds = _between(window, "--window", least=1, most=86400)
    out = app.out
    with app.client() as client:

        def look_again() -> Fleet:
            return look(client, window_seconds=window_seconds)

        if out.format is not Format.TABLE or not out.on_terminal():
            _print(out, look_again(), sort)
            return
        from casare_cli.fleet import screen

        if once or sys.stdin is None or not sys.stdin.isatty():
            screen.print_once(out, look_again(), sort)
        else:
            screen.show_live(out, look_again, sorting=sort, interval_seconds=seconds)


def _between(text: str, option: str, *, least: float, most: float) -> float:
    from casare_cli.terminal.values import positive_seconds
    from casare_rpa.errors import InvalidInput

    seconds = positive_seconds(text, option) or 0.0
    if not least <= seconds <= most:
        raise InvalidInput(f"{option}: {text} is not between {least:g} s and {most:g} s")
    return seconds


def _print(out: Output, fleet: Fleet, sorting: Sorting) -> None:
    if out.wants_json:
        out.json(fleet.to_json())
    elif out.format is Format.NAME:
        for robot in fleet.sorted_robots(sorting):
            out.line(one_line(str(robot["robot_id"])))
    elif out.format is Format.TABLE:
        for row in fleet.queue_rows():
            out.line("\t".join(("queue", *map(one_line, row))))
        for robot_row in fleet.robot_rows(sorting):
            out.line("\t".join(("robot", *map(one_line, robot_row))))
        for name, count in fleet.stats["ended"].items():
            out.line(f"ended\t{name}\t{count}")
