"""`casare-rpa whoami`."""

from __future__ import annotations

import typer

from casare_cli.context import App
from casare_cli.terminal.columns import Column
from casare_cli.terminal.text import moment

_COLUMNS = (
    Column("key", "key_name"),
    Column("role", "roles"),
    Column("robot", "robot_id"),
    Column("prefix", "prefix"),
    Column("expires", "expires_at", moment),
    Column("from", "key_source"),
    Column("orchestrator", "orchestrator_url"),
    Column("version", "server_version"),
    Column("profile", "profile"),
)


def run(ctx: typer.Context) -> None:
    """Show who the key is, where it comes from, and which orchestrator it is for.

    Examples:
        casare-rpa whoami
        casare-rpa whoami --profile production -o json
    """
    from casare_cli.profiles.configuring import without_password
    from casare_rpa.domain.keys import shown

    app: App = ctx.obj
    with app.client() as client:
        me, health = client.me(), client.health()
    about = {
        "expires_at": None,
        **me,
        "prefix": shown(app.key or "").removesuffix("..."),
        "key_source": app.key_place,
        "orchestrator_url": without_password(client.base_url),
        "server_version": health.get("version"),
        "profile": app.settings.profile or None,
    }
    app.out.item(about, _COLUMNS, name="key_id")
