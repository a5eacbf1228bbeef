"""What the commands about robots share."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casare_cli.terminal.text import moment
from casare_rpa.domain.json_values import Json

if TYPE_CHECKING:
    from casare_cli.terminal.output import Output

RobotId = Annotated[str, typer.Argument(help="Id of the robot.")]
Note = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="Why; shown wherever the robot is.")
]


class Sorting(StrEnum):
    """What the robots are sorted by."""

    NAME = "name"
    STATE = "state"
    LOAD = "load"

    def next(self) -> Sorting:
        every = list(Sorting)
        return every[(every.index(self) + 1) % len(every)]


def rest(robot: Json) -> str:
    """Why the robot gets no jobs, for a table; empty when it gets some."""
    parts = []
    if robot.get("paused_by"):
        where = " at its machine" if robot["paused_by"] == "machine" else ""
        parts.append(f"paused{where}{_until(robot.get('resume_at'))}")
    if robot.get("draining"):
        parts.append(f"draining{_until(robot.get('drain_by'))}")
    text = ", ".join(parts)
    text = f"{text}: {robot['note']}" if text and robot.get("note") else text
    return ", ".join(filter(None, (text, robot.get("no_room"))))


def show_rest(out: Output, robot: Json) -> None:
    """The answer of a command that changed whether the robot gets jobs."""
    text = f"robot {robot['robot_id']}: {rest(robot) or 'takes jobs'}"
    out.done(robot, name="robot_id", text=text)


def _until(time: Any) -> str:
    return f" until {moment(time)}" if time else ""
