"""The account that the jobs of a machine's service run as."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from casare_rpa.errors import InvalidInput

if TYPE_CHECKING:
    from casare_cli.terminal.output import Output

#: The one that a hint makes.
_USUAL = "casare-rpa"


def existing(name: str | None) -> str:
    """*name*. Raises InvalidInput where one has to be named, and for an unknown one."""
    if name is None:
        raise InvalidInput(
            "jobs should not run as root: name an account with --run-as",
            hint=f"Make one with: useradd --system --create-home {_USUAL}",
        )
    if not _exists(name):
        raise InvalidInput(
            f"--run-as: this machine has no account {name!r}",
            hint=f"Make it with: useradd --system --create-home {name}",
        )
    return name


def _exists(name: str) -> bool:
    if sys.platform == "win32":
        return False  # none of the kind that systemd knows
    import pwd

    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def shown(out: Output, name: str | None, *, here: bool) -> str:
    """The account in a file that is only shown, which may be meant for another machine."""
    if name is None:
        out.aside(f"note: jobs run as {_USUAL} there; --run-as USER names another")
        return _USUAL
    if here:
        try:
            existing(name)
        except InvalidInput as error:
            out.aside(f"note: {error.message}")
    return name
