"""What a window manager is asked to do with a window, and waiting until it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.desktop import _windows as windows
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import Desktop

ANSWER_SECONDS: Final = 5.0
#: The sender of a message: a program that acts for a person, whom a window manager obeys.
_PAGER: Final = 2
_ICONIC: Final = 3
_REMOVE, _ADD = 0, 1
#: _NET_MOVERESIZE_WINDOW: the place is that of the frame's upper left corner.
_NORTH_WEST: Final = 1
_HAS_PLACE, _HAS_SIZE = 3 << 8, 3 << 10


async def activate(desk: Desktop, window_id: int, seconds: float = ANSWER_SECONDS) -> None:
    """Bring a window to the front, minimised or not, and give it the keyboard."""

    def ask(connection: Connection) -> None:
        _needs(connection, "_NET_ACTIVE_WINDOW")
        connection.tell_root(window_id, "_NET_ACTIVE_WINDOW", _PAGER, 0, 0)

    await _done(desk, window_id, ask, _is_in_front, "bring it to the front", seconds)


async def set_state(desk: Desktop, window_id: int, state: str) -> None:
    """Make a window `normal`, `maximized` or `minimized`."""
    if state == "minimized":
        await _minimize(desk, window_id)
        return
    await _show(desk, window_id)
    if state == "maximized":
        await _maximize(desk, window_id)
    else:
        await _unmaximize(desk, window_id)


async def restore(desk: Desktop, window_id: int) -> None:
    """Show a minimised window as it was before; make a maximised one normal."""
    if await desk.use(lambda connection: windows.is_minimized(connection, window_id)):
        await _show(desk, window_id)
    else:
        await _unmaximize(desk, window_id)


async def move(desk: Desktop, window_id: int, x: int, y: int) -> None:
    """Put the upper left corner of a window's frame there; its state becomes normal."""

    def ask(connection: Connection) -> None:
        _needs(connection, "_NET_MOVERESIZE_WINDOW")
        flags = _NORTH_WEST | _HAS_PLACE | _PAGER << 12
        connection.tell_root(window_id, "_NET_MOVERESIZE_WINDOW", flags, x, y)

    def is_there(connection: Connection, window_id: int) -> bool:
        return windows.place(connection, window_id)[:2] == (x, y)

    await set_state(desk, window_id, "normal")
    await _done(desk, window_id, ask, is_there, f"move it to {x}, {y}")


async def resize(desk: Desktop, window_id: int, width: int, height: int) -> tuple[int, int]:
    """Give a window that size, its frame included, or the nearest that it can have; which it is.

    Its state becomes normal.
    """
    await set_state(desk, window_id, "normal")
    size = await desk.use(lambda c: windows.allowed_size(c, window_id, width, height))

    def ask(connection: Connection) -> None:
        _needs(connection, "_NET_MOVERESIZE_WINDOW")
        left, right, top, bottom = windows.margins(connection, window_id)
        inner = size[0] - left - right, size[1] - top - bottom
        flags = _NORTH_WEST | _HAS_SIZE | _PAGER << 12
        connection.tell_root(window_id, "_NET_MOVERESIZE_WINDOW", flags, 0, 0, *inner)

    def has_it(connection: Connection, window_id: int) -> bool:
        return windows.place(connection, window_id)[2:] == size

    await _done(desk, window_id, ask, has_it, f"make it {size[0]} x {size[1]}")
    return size


def ask_to_close(connection: Connection, window_id: int) -> bool:
    """Ask a window's program to close it, as its close button does; false if it takes no wishes."""
    takes_it = connection.atom("WM_DELETE_WINDOW") in connection.numbers(window_id, "WM_PROTOCOLS")
    if takes_it:
        connection.tell(window_id, "WM_PROTOCOLS", connection.atom("WM_DELETE_WINDOW"), 0)
    return takes_it


async def _minimize(desk: Desktop, window_id: int) -> None:
    def ask(connection: Connection) -> None:
        _needs(connection)
        connection.tell_root(window_id, "WM_CHANGE_STATE", _ICONIC)

    await _done(desk, window_id, ask, windows.is_minimized, "minimise it")


async def _show(desk: Desktop, window_id: int) -> None:
    def ask(connection: Connection) -> None:
        _needs(connection)
        connection.window(window_id).map()

    def is_shown(connection: Connection, window_id: int) -> bool:
        return not windows.is_minimized(connection, window_id)

    await _done(desk, window_id, ask, is_shown, "restore it")


async def _maximize(desk: Desktop, window_id: int) -> None:
    await _done(desk, window_id, _asks(window_id, _ADD), windows.is_maximized, "maximise it")


async def _unmaximize(desk: Desktop, window_id: int) -> None:
    def is_normal(connection: Connection, window_id: int) -> bool:
        return not windows.is_maximized(connection, window_id)

    await _done(desk, window_id, _asks(window_id, _REMOVE), is_normal, "restore it")


def _asks(window_id: int, action: int) -> Callable[[Connection], None]:
    def ask(connection: Connection) -> None:
        names = [f"_NET_WM_STATE_MAXIMIZED_{way}" for way in ("VERT", "HORZ")]
        _needs(connection, "_NET_WM_STATE", *names)
        connection.tell_root(
            window_id, "_NET_WM_STATE", action, *map(connection.atom, names), _PAGER
        )

    return ask


async def _done(
    desk: Desktop,
    window_id: int,
    ask: Callable[[Connection], None],
    is_done: Callable[[Connection, int], bool],
    what: str,
    seconds: float = ANSWER_SECONDS,
) -> None:
    """Ask unless it is so already, and wait until it is so. Raises NodeError."""

    def ask_if_needed(connection: Connection) -> str | None:
        if is_done(connection, window_id):
            return None
        ask(connection)
        return windows.manager(connection)

    def check(connection: Connection) -> str | None:
        if not windows.exists(connection, window_id):
            return "closed"
        return "done" if is_done(connection, window_id) else None

    name = await desk.use(ask_if_needed)
    if name is None:
        return
    outcome = await desk.until(check, seconds)
    if outcome == "closed":
        raise NodeError("the window was closed meanwhile", ErrorCode.WINDOW_NOT_FOUND)
    if outcome is None:
        raise NodeError(
            f"the window manager ({name}) was asked to {what} and did not within {seconds:g} s",
            ErrorCode.APPLICATION_NOT_RESPONDING,
        )


def _needs(connection: Connection, *messages: str) -> None:
    """Raise NodeError if no window manager runs, or none that understands these messages."""
    name = windows.manager(connection)
    if name is None:
        raise NodeError(
            f"no window manager runs on {connection.display.get_display_name()}, and nobody else"
            " could do that",
            ErrorCode.CONFIG_INVALID,
            hint="start one with the display, such as openbox (docs/guide/desktop.md)",
        )
    known = set(connection.numbers(connection.root.id, "_NET_SUPPORTED"))
    for message in messages:
        if connection.atom(message) not in known:
            raise NodeError(
                f"the window manager ({name}) does not understand {message}",
                ErrorCode.NOT_IMPLEMENTED,
                hint="use another one, such as openbox (docs/guide/desktop.md)",
            )


def _is_in_front(connection: Connection, window_id: int) -> bool:
    return windows.is_active(connection, window_id) and windows.is_visible(connection, window_id)
