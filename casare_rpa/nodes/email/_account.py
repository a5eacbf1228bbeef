"""Who signs in at a mail server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._credentials import credential
from casare_rpa.nodes.base import Context, NodeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A name and its password; both are empty where nobody signs in."""

    username: str = ""
    password: str = field(default="", repr=False)


async def login_of(ctx: Context, node: Any, prefix: str, *, needed: bool) -> Login:
    """The stored login, else that of the node, else `<prefix>_USERNAME` and `_PASSWORD`.

    Raises NodeError if one is *needed* and there is none.
    """
    found = await credential(ctx, str(node.credential_name or "").strip())
    username = found.part(
        "username", "user", "email", given=node.username, env=f"{prefix}_USERNAME"
    )
    password = found.part("password", "value", given=node.password, env=f"{prefix}_PASSWORD")
    if needed or username or found.missing is not None:
        username = found.given(username, "username")
        password = found.given(password, "password")
    if any(letter in username + password for letter in "\r\n\0"):
        raise NodeError("username or password holds a line break", ErrorCode.INVALID_INPUT)
    return Login(username=username, password=password)
