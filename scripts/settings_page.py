"""docs/guide/settings.md: every setting as `Settings` declares it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from casare_rpa.setting_sources import allowed
from casare_rpa.settings import Settings, environment_names

_INTRODUCTION = """# Settings

Every setting has a default and can be given, from the weakest to the strongest, in

1. the system's file, `/etc/casare-rpa/config.toml` or `/etc/xdg/casare-rpa/config.toml`,
2. the user's file, `~/.config/casare-rpa/config.toml` (these are the places on Linux),
3. the profile that is in use, `[profiles.NAME]` in either file,
4. an environment variable,
5. an option of the command, where it has one.

`casare-rpa config list --show-origin` tells of every setting what it is and which file and line, or
which variable, says so; `casare-rpa config set NAME VALUE` changes the user's file. See
[Signing in, profiles and TLS](signing-in.md).

A file holds names and values, `lease_seconds = 30` or `tags = ["invoices", "desk"]`. In a variable
a list is separated by commas, folders as in `PATH`. A name that no setting has, and a value that
does not fit, end the program before it does anything: exit code 6, of an agent 78.

`url` is another name of `orchestrator_url` in a file. Times are in seconds, sizes in bytes. Where a
setting has several variables, the first one that is set counts. `casare-rpa help environment`
prints the variables at a terminal."""

_ROLES = {
    "all": "Everywhere",
    "orchestrator": "The orchestrator",
    "agent": "The agent",
}


def page() -> str:
    """The page as Markdown, a table for each role."""
    lines = [_INTRODUCTION]
    for role, title in _ROLES.items():
        lines += ["", f"## {title}", "", "| Setting | Default | Allowed | Variables | What |"]
        lines += ["|---|---|---|---|---|", *_rows(role)]
    return "\n".join(lines) + "\n"


def _rows(role: str) -> Iterator[str]:
    for item in fields(Settings):
        if item.metadata["role"] == role:
            variables = ", ".join(f"`{name}`" for name in _variables(item))
            help = item.metadata["help"].replace("|", "\\|")
            default, limits = _shown(item.default), allowed(item)
            yield f"| `{item.name}` | {default} | {limits} | {variables} | {help} |"


def _variables(item: Field[Any]) -> Iterator[str]:
    for name in environment_names(item.name):
        yield name
        if item.name == "api_key":
            yield f"{name}_FILE"


def _shown(default: Any) -> str:
    if default in ("", (), None):
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"
