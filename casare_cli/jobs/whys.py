"""How `jobs why` and `jobs submit --dry-run` tell whether and where a job can run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casare_cli import exit_codes
from casare_cli.terminal.columns import Column
from casare_cli.terminal.output import Format, Output
from casare_cli.terminal.text import moment
from casare_rpa.domain.json_values import Json


def obstacles(robot: Mapping[str, Any]) -> str:
    return "; ".join(str(obstacle["message"]) for obstacle in robot.get("obstacles", ()))


def _remedies(robot: Mapping[str, Any]) -> str:
    return "; ".join(str(obstacle["ends_when"]) for obstacle in robot.get("obstacles", ()))


COLUMNS = (
    Column("job", "job_id"),
    Column("verdict", "verdict"),
    Column("because", "message"),
    Column("until", "unblocked_by"),
    Column("at", "unblocked_at", moment),
)
ROBOT_COLUMNS = (
    Column("ROBOT", "robot_id"),
    Column("VERDICT", "verdict"),
    Column("BECAUSE", "", obstacles),
    Column("UNTIL", "", _remedies),
)
_CODES = {"blocked": exit_codes.STILL_RUNNING, "impossible": exit_codes.IMPOSSIBLE}


def show_why(out: Output, why: Json) -> int:
    """Print *why*; the exit code: 0 runnable, held or ended, 8 blocked, 12 impossible."""
    out.item(why, COLUMNS, name="verdict")
    show_robots(out, why)
    return code_of(why)


def show_robots(out: Output, why: Json) -> None:
    if why["robots"] and out.format is Format.TABLE:
        out.line()
        out.list(why["robots"], ROBOT_COLUMNS, name="robot_id")


def code_of(why: Mapping[str, Any]) -> int:
    return _CODES.get(str(why["verdict"]), exit_codes.OK)
