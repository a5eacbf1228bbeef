"""What the commands share that speak to the agent on this machine, without the orchestrator."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli import exit_codes
from casare_cli.context import App
from casare_rpa.domain.json_values import Json
from casare_rpa.errors import CasareError, NotFound

if TYPE_CHECKING:
    from agent.machine.control import StopRequest

StateDir = Annotated[
    str | None, typer.Option(metavar="DIR", help="The agent's state folder; else the usual one.")
]
Note = Annotated[
    str | None, typer.Option("--note", metavar="TEXT", help="Why; the orchestrator shows it, too.")
]
WaitTimeout = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Wait no longer (exit 8).")
]
_LOOK_SECONDS = 0.1


def state_folder(app: App, given: str | None) -> Path:
    """The folder that an agent started with the same settings uses, whether or not it is there.

    Raises CasareError when it is there and another user's alone.
    """
    return readable(Path(given).expanduser() if given else app.state_dir.expanduser())


def readable(folder: Path) -> Path:
    """*folder*. Raises CasareError, with what mends it, when this user may not look into it."""
    try:
        next(folder.iterdir(), None)
    except PermissionError as error:
        text = f"the state folder {folder} may not be read: {error.strerror}"
        raise CasareError(text, hint=mend_access(folder)) from error
    except OSError:
        pass  # missing, or no folder: whoever uses it says what that means
    return folder


def mend_access(folder: Path) -> str:
    """What to do about a state folder that belongs to another user."""
    from casare_rpa.private_files import owner_of

    user = owner_of(folder) or "USER"
    return (
        f"Run it as the user that the agent runs as, with sudo -u {user}, or name another folder"
        " with --state-dir"
    )


def running(app: App, given: str | None) -> tuple[Path, Json | None]:
    """The state folder, and the status of the agent that uses it, if one does."""
    from agent.machine.status import running_agent

    folder = state_folder(app, given)
    return folder, running_agent(folder)


def no_agent(folder: Path) -> NotFound:
    return NotFound(
        f"no agent is running with the state folder {folder}",
        hint="Start one with casare-rpa agent, or name its folder with --state-dir.",
    )


def ask_to_stop(app: App, folder: Path, status: Json, request: StopRequest) -> None:
    from agent.machine import control

    control.stop(folder, request)
    count = len(status.get("jobs") or ())
    app.out.note(f"asked the agent (process {status['pid']}) to stop; it runs {count} job(s)")


def wait_until_gone(app: App, folder: Path, start_id: str, seconds: float | None) -> int:
    """Wait for the end of that start of the agent; the exit code."""
    from agent.machine.status import running_agent

    until = None if seconds is None else time.monotonic() + seconds
    while (status := running_agent(folder)) is not None and status["start_id"] == start_id:
        if until is not None and time.monotonic() >= until:
            app.out.note("the agent is still running")
            return exit_codes.STILL_RUNNING
        time.sleep(_LOOK_SECONDS)
    app.out.done({"start_id": start_id, "running": False}, name="start_id", text="stopped")
    return exit_codes.OK
