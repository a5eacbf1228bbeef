"""`casare-rpa robots keys rotate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casare_cli.context import App
from casare_rpa.errors import CasareError

if TYPE_CHECKING:
    from casare_rpa.client import OrchestratorClient


def run(
    ctx: typer.Context,
    key: Annotated[str, typer.Argument(help="Id of the key, as `robots keys list` shows it.")],
) -> None:
    """Replace a robot's key: print a new one and revoke the old.

    Where stdout takes nothing, and with -o name or none, nothing is replaced.

    A running agent whose key came from a file (--api-key file:PATH, CASARE_API_KEY_FILE) reads that
    file again and goes on with its jobs: put the new key there at once. An agent that finds none
    before its leases run out ends, and so does one whose key was typed or in its environment.

    Examples:
        casare-rpa robots keys rotate k3x9Ab2Q > robot.new && mv robot.new robot.key
    """
    from casare_cli.lists.keys import check_shown, show_made

    app: App = ctx.obj
    check_shown(app.out)
    with app.client(or_admin_key=True) as client:
        made = client.rotate_robot_key(key)
        # First of all, as it cannot be shown again.
        show_made(app.out, made, mend="casare-rpa robots keys rotate")
        robot_id = str(made["key"]["robot_id"])
        if _is_online(client, robot_id):
            app.out.aside(
                f"note: the agent of {robot_id} is at work and needs the new key at once: replace"
                " the file that its key came from, in place; else it ends and loses its jobs"
            )


def _is_online(client: OrchestratorClient, robot_id: str) -> bool:
    try:
        return bool(client.robot(robot_id)["status"] != "offline")
    except CasareError:  # a robot that never registered, or nothing that matters any more
        return False
