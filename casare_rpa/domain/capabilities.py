"""What nodes can ask of a robot beyond a Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

#: The capabilities that this version has nodes for; a test compares it with the classes.
IMPLEMENTED: Final[frozenset[str]] = frozenset(
    {"ai-service", "browser", "desktop", "desktop-session", "person"}
)

#: What each capability means, for messages.
MEANING: Final[Mapping[str, str]] = {
    "windows": "a Windows machine",
    "desktop": "an X11 display that it can drive",
    "desktop-session": "a session with a screen",
    "external-account": "an account at another service",
    "browser": "a web browser",
    "ai-service": "a language model service",
    "person": "somebody at a terminal who answers its dialogs, as with casare-rpa run",
}

#: What gives an agent a capability that it finds by itself; the others it has to be told.
FOUND_WHEN: Final[Mapping[str, str]] = {
    "desktop": "{agent} is started where it can drive an X11 display",
    "desktop-session": "{agent} is started inside a session with a screen",
    "browser": "a browser and casare-rpa[browser] are installed where {agent} runs",
    "ai-service": "{agent} gets the key or the address of one (CASARE_OPENAI_API_KEY or the like)",
    "person": "somebody runs the workflow at a terminal, with casare-rpa run: robots ask nobody",
}


def told_when(missing: Iterable[str], agent: str) -> tuple[list[str], list[str]]:
    """What has to happen for *agent* (its name in a sentence) to announce what is *missing*.

    The second list is what it has to be told, with `--capabilities`.
    """
    names = sorted(missing)
    found = [FOUND_WHEN[name].format(agent=agent) for name in names if name in FOUND_WHEN]
    return found, [name for name in names if name not in FOUND_WHEN]
