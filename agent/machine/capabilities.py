"""What this robot can do: what it is told, and what can be seen without starting anything.

The orchestrator offers a job only to robots that announce every capability that its nodes need.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable

from casare_rpa import browser_programs, desktop_display
from casare_rpa.domain.capabilities import IMPLEMENTED
from casare_rpa.domain.jobs import STARTS_ANYWHERE


def announced(told: Iterable[str], browser_path: str = "") -> list[str]:
    """The capabilities of this robot: those it is *told*, the detected, and this version's own.

    *browser_path* is the setting of that name.
    """
    browser_programs.choose(browser_path)
    return sorted({*told, *detected(), STARTS_ANYWHERE})


def detected() -> set[str]:
    """What this machine has.

    Of the capabilities that nodes ask for only those count that this version has nodes for: a
    machine with a screen and without nodes for it would take such jobs and fail them. A browser
    counts when the library that drives it is there, too, and a display when it lets itself be
    driven, which takes up to five seconds to find out if it does not answer.
    """
    of_nodes = {
        "windows": platform.system() == "Windows",
        "desktop": desktop_display.why_not_driven() is None,
        "browser": browser_programs.lacking() is None,
    }
    return {name for name, is_there in of_nodes.items() if is_there and name in IMPLEMENTED}
