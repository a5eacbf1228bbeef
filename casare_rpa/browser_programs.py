"""Which browser of this machine is used. Light: who only asks whether there is one loads no driver.

The driver speaks to Chromium and what is built on it as the system has them; Firefox and WebKit it
can only drive in builds of its own.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

EXTRA: Final = "browser"
_DRIVER: Final = "playwright"
#: In the order in which they are tried.
_PROGRAMS: Final = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
_CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {
    "chrome": ("google-chrome", "google-chrome-stable", "chrome"),
    "msedge": ("microsoft-edge", "microsoft-edge-stable", "msedge"),
    "chromium": ("chromium", "chromium-browser"),
}
#: Where they are installed on systems that do not put them on the path.
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "win32": (
        r"Google\Chrome\Application\chrome.exe",
        r"Microsoft\Edge\Application\msedge.exe",
        r"Chromium\Application\chrome.exe",
    ),
    "darwin": (
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
}
#: The program inside a build of the driver's own.
_BUILDS: Final[Mapping[str, tuple[str, ...]]] = {
    "chromium": (
        "chrome-linux*/chrome",
        "chrome-win*/chrome.exe",
        "chrome-mac*/*.app/Contents/MacOS/*",
    ),
    "firefox": ("firefox/firefox", "firefox/firefox.exe", "firefox/*.app/Contents/MacOS/firefox"),
    "webkit": ("pw_run.sh", "Playwright.exe"),
}

_chosen = ""


def choose(path: str) -> None:
    """Use the browser *path* (the setting `browser_path`) in this process; empty: look for one."""
    global _chosen
    _chosen = path


def browser_program() -> str | None:
    """The program that browser nodes use if they ask for no other; None if there is none."""
    return find("chromium")


def find(kind: str, channel: str = "") -> str | None:
    """The program for a browser of this *kind*: chromium, firefox or webkit.

    A *channel* (chrome, msedge) means that one and no other.
    """
    if channel:
        names = _CHANNELS.get(channel, (channel,))
        return next(filter(None, map(shutil.which, names)), None) or _at_a_place(channel)
    if kind == "chromium":
        return _given() or _on_the_path() or _at_a_place("") or _own_build(kind)
    return _own_build(kind)


def lacking() -> tuple[str, str] | None:
    """What this machine lacks for a browser node, and the command that mends it."""
    if not has_driver():
        return f"the extra {EXTRA!r}", f"pip install 'casare-rpa[{EXTRA}]'"
    if browser_program() is None:
        if _chosen:
            return f"a browser: there is no program {_chosen} (browser_path)", _install_browser()
        return "a browser, and none is found on this machine", _install_browser()
    return None


def has_driver() -> bool:
    """Whether the driver can be imported."""
    return _DRIVER in sys.modules or importlib.util.find_spec(_DRIVER) is not None


def _install_browser() -> str:
    if sys.platform.startswith("linux"):
        return "apt install chromium"
    return "install Chromium, Google Chrome or Microsoft Edge"


def _given() -> str | None:
    return (shutil.which(_chosen) or "") if _chosen else None


def _on_the_path() -> str | None:
    if _chosen:
        return None
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


def _at_a_place(channel: str) -> str | None:
    if _chosen and not channel:
        return None
    for place in _PLACES.get(sys.platform, ()):
        wanted = {"chrome": "Google", "msedge": "Microsoft"}.get(channel, "")
        for path in _spelt(place):
            if wanted in place and path.is_file():
                return str(path)
    return None


def _spelt(place: str) -> Iterator[Path]:
    if sys.platform != "win32":
        yield Path(place)
        return
    for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if root := os.environ.get(name):
            yield Path(root, place)


def _own_build(kind: str) -> str | None:
    """The newest build that the driver has downloaded, if it ever did."""
    if _chosen and kind == "chromium":
        return None
    found = [
        path
        for pattern in _BUILDS.get(kind, ())
        for path in _builds_folder().glob(f"{kind}-*/{pattern}")
        if os.access(path, os.X_OK)
    ]
    return str(max(found, key=lambda path: path.stat().st_mtime)) if found else None


def _builds_folder() -> Path:
    if given := os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "").strip("0"):
        return Path(given)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", ""), "ms-playwright")
    home = Path(os.environ.get("HOME") or "/")
    if sys.platform == "darwin":
        return home / "Library/Caches/ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache", "ms-playwright")
