"""What nodes can ask of a robot beyond a Python."""

from __future__ import annotations

from collections.abc import Mapping
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
