"""What the `agent journal` commands share: where the agent's journals are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_rpa.errors import NotFound

if TYPE_CHECKING:
    from agent.machine.folders import Folders

StateDir = Annotated[
    str | None,
    typer.Option("--state-dir", metavar="DIR", help="The agent's folder, as its own --state-dir."),
]


def folders_of(app: App, state_dir: str | None) -> Folders:
    """The agent's folders, whether they are there or not."""
    from agent.machine.folders import Folders
    from casare_cli.machine.agent import readable

    folders = Folders.of(app.settings_with(state_dir=state_dir))
    readable(folders.root)
    return folders


def folders_with_journals(app: App, state_dir: str | None) -> Folders:
    """As `folders_of`. Raises NotFound for a folder that was named and that no agent has made."""
    folders = folders_of(app, state_dir)
    if state_dir is not None and not folders.journal.is_dir():
        raise NotFound(
            f"{folders.root} is no agent's state folder",
            hint="That of a service of the machine is /var/lib/casare-rpa-agent.",
        )
    return folders
