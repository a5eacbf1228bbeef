"""The one place where the nodes for databases ask for a stored credential."""

from __future__ import annotations

from dataclasses import dataclass, field

from casare_rpa.nodes._credentials import credential
from casare_rpa.nodes.base import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who asks, and the proof; either may be empty."""

    username: str = ""
    password: str = field(default="", repr=False)


async def stored_login(ctx: Context, name: str) -> Login:
    """The login that is stored as *name*; an empty one, with a warning, if there is none.

    It has the fields `username` and `password`; a plain text is the password.
    """
    found = await credential(ctx, name.strip())
    if found.missing is not None:
        ctx.log(f"{found.missing.message}: the node's own login is used", "warning")
    return Login(username=found.part("username", "user"), password=found.part("password", "value"))
