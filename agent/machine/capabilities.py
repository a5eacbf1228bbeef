"""What this robot can do: what it is told, and what can be seen without starting anything.

The orchestrator offers a job only to robots that announce every capability that its nodes need.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from casare_rpa import browser_programs, desktop_display
from casare_rpa.ai_services import AiServices
from casare_rpa.domain.capabilities import IMPLEMENTED
from casare_rpa.domain.jobs import STARTS_ANYWHERE
from casare_rpa.settings import Settings


def announced(settings: Settings) -> list[str]:
    """The capabilities of this robot: those it is told, the detected, and this version's own.

    A service for language models counts when a key or an address of one is set. A robot whose
    workflows bring their own keys, by stored secrets, is told of it.
    """
    browser_programs.choose(settings.browser_path)
    models = AiServices.of(settings, Path(settings.state_dir))
    services = {"ai-service"} if models.is_set else set()
    return sorted({*settings.capabilities, *services, *detected(), STARTS_ANYWHERE})


def detected() -> set[str]:
    """What this machine has.

    Of the capabilities that nodes ask for only those count that this version has nodes for: a
    machine with a screen and without nodes for it would take such jobs and fail them. A browser
    counts when the library that drives it is there, too, and a display when it lets itself be
    driven, which takes up to five seconds to find out if it does not answer.
    """
    on_windows = platform.system() == "Windows"
    on_a_desktop = any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    of_nodes = {
        "windows": on_windows,
        # The programs that this version's nodes speak to are those of X and Wayland.
        "desktop-session": on_a_desktop and not on_windows,
        "desktop": desktop_display.why_not_driven() is None,
        "browser": browser_programs.lacking() is None,
    }
    return {name for name, is_there in of_nodes.items() if is_there and name in IMPLEMENTED}
