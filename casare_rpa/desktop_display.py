"""The X display that desktop nodes drive. Light: the library is loaded by who connects.

It is the display of the robot itself (`DISPLAY` of its environment): no workflow chooses another.
"""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from Xlib.display import Display

EXTRA: Final = "desktop"
_DRIVER: Final = "Xlib"
_GUIDE: Final = "docs/guide/desktop.md"
_LOCAL = re.compile(r"(?:unix/?)?:(\d+)(?:\.\d+)?")
_SOCKETS: Final = "/tmp/.X11-unix/X"  # noqa: S108 - where X servers listen
_PROBE_SECONDS = 5.0
_OTHERS: Final = {"win32": "Windows", "darwin": "macOS"}


class NoDisplay(Exception):
    """A display cannot be driven: `what` a node needs, and the `mend`."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def display_name() -> str:
    """The robot's display, such as `:99`; empty if it has none."""
    return os.environ.get("DISPLAY", "").strip()


def lacking() -> tuple[str, str] | None:
    """What this machine lacks for a desktop node, and the mend, as far as can be seen at once."""
    try:
        _check_place()
    except NoDisplay as error:
        return error.what, error.mend
    return None


def why_not_driven() -> tuple[str, str] | None:
    """As `lacking`, but connects: also a display that refuses, hangs or lacks XTEST is told.

    Takes up to five seconds if the X server does not answer.
    """
    if found := lacking():
        return found
    outcome: list[tuple[str, str] | None] = []
    probe = Thread(target=lambda: outcome.append(_probe()), name="display probe", daemon=True)
    probe.start()
    probe.join(_PROBE_SECONDS)
    if not outcome:
        return f"an X server that answers: {display_name()} does not", "restart the X server"
    return outcome[0]


def remarks() -> list[tuple[str, str]]:
    """What desktop nodes will miss on a display that can be driven, each with the mend. Blocks.

    Raises NoDisplay.
    """
    display = connect()
    try:
        found = []
        if not _has_manager(display):
            found.append(
                (
                    f"no window manager runs on {display_name()}: windows cannot be arranged",
                    f"start one with the display, such as openbox ({_GUIDE})",
                )
            )
        if display.has_extension("XWAYLAND"):
            found.append(
                (
                    f"{display_name()} belongs to a Wayland session: only programs that use X11"
                    " are seen and reached, and pictures of the screen show no other",
                    f"log in to a session with Xorg, or give the robot an Xvfb ({_GUIDE})",
                )
            )
        return found
    finally:
        display.close()


def has_driver() -> bool:
    """Whether the library can be imported."""
    return sys.modules.get(_DRIVER) is not None or importlib.util.find_spec(_DRIVER) is not None


def connect() -> Display:
    """A connection to the robot's display. Blocks; raises NoDisplay."""
    _check_place()
    from Xlib import error, xauth  # noqa: PLC0415 - an extra
    from Xlib.display import Display  # noqa: PLC0415

    # It would print what it thinks of the file to the program's own output.
    vars(xauth)["print"] = _say_nothing
    name = display_name()
    try:
        display = Display(name)
    except error.DisplayNameError as found:
        raise NoDisplay(
            f"an X11 display: {name!r} (DISPLAY) is no name of one",
            "set it to the name of a display, such as :99",
        ) from found
    except (error.DisplayConnectionError, error.ConnectionClosedError, OSError) as found:
        raise _refused(name, found) from found
    if not display.has_extension("XTEST"):
        display.close()
        raise NoDisplay(
            f"the extension XTEST, which the X server {name} has not",
            "start it with +extension XTEST",
        )
    return display


def _check_place() -> None:
    if system := _OTHERS.get(sys.platform):
        raise NoDisplay(
            f"an X11 display: this version does not drive the desktop of {system}",
            f"run it on a Linux robot that announces {EXTRA!r} ({_GUIDE})",
        )
    if not has_driver():
        raise NoDisplay(f"the extra {EXTRA!r}", f"pip install 'casare-rpa[{EXTRA}]'")
    name = display_name()
    if not name:
        raise _unset()
    local = _LOCAL.fullmatch(name)
    if local and not _listens(int(local[1])):
        raise NoDisplay(
            f"an X11 display: no X server listens at {name} (DISPLAY)",
            f"start it before the robot ({_GUIDE})",
        )


def _unset() -> NoDisplay:
    if os.environ.get("WAYLAND_DISPLAY"):
        return NoDisplay(
            "an X11 display: this session is Wayland's, where no program may drive others",
            f"log in to a session with Xorg, or give the robot an Xvfb ({_GUIDE})",
        )
    return NoDisplay(
        "an X11 display: DISPLAY is not set",
        f"set DISPLAY, and XAUTHORITY where the display wants it ({_GUIDE})",
    )


def _listens(number: int) -> bool:
    if sys.platform == "win32":
        return False
    path = f"{_SOCKETS}{number}"
    for address in (path, f"\0{path}"):
        if address == path and not Path(path).exists():
            continue
        with socket.socket(socket.AF_UNIX) as tried:
            tried.settimeout(_PROBE_SECONDS)
            try:
                tried.connect(address)
            except OSError:
                continue
            return True
    return False


def _refused(name: str, error: Exception) -> NoDisplay:
    said = " ".join(str(error).split())
    if "uthoriz" in said or "No protocol specified" in said:
        return NoDisplay(
            f"leave to use the display {name}, which it refuses",
            "set XAUTHORITY to the file of the session's cookie, readable by the robot's user"
            f" ({_GUIDE})",
        )
    return NoDisplay(f"an X11 display: {name} cannot be reached: {said}", f"see {_GUIDE}")


def _has_manager(display: Display) -> bool:
    from Xlib.error import XError  # noqa: PLC0415 - an extra
    from Xlib.X import AnyPropertyType  # noqa: PLC0415

    atom = display.intern_atom("_NET_SUPPORTING_WM_CHECK")
    found = display.screen().root.get_full_property(atom, AnyPropertyType)
    try:
        if found is None or not found.value:
            return False
        mark = display.create_resource_object("window", int(found.value[0]))
        return mark.get_full_property(atom, AnyPropertyType) is not None
    except XError:  # It ended, and nobody has removed its mark.
        return False


def _probe() -> tuple[str, str] | None:
    try:
        connect().close()
    except NoDisplay as error:
        return error.what, error.mend
    except Exception as error:  # whatever a server says that is none
        return f"an X11 display: {display_name()}: {error}", f"see {_GUIDE}"
    return None


def _say_nothing(*_: Any) -> None:
    """Stands for the `print` of a library."""
