"""What windows there are, and what they say of themselves (EWMH and ICCCM)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from casare_rpa.nodes.desktop._connection import Connection

#: WM_STATE of a minimised window.
_ICONIC: Final = 3
_MOST_SIZE_HINTS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A window as it is now. Places and sizes are those of its frame, in pixels."""

    window_id: int
    title: str
    class_name: str
    process_id: int
    x: int
    y: int
    width: int
    height: int
    state: str
    is_maximized: bool
    is_minimized: bool
    is_visible: bool
    is_active: bool

    def as_json(self) -> dict[str, Any]:
        """An item of a list of windows; as `window` of another node it means the same window."""
        return {
            "handle": handle(self.window_id),
            "title": self.title,
            "class_name": self.class_name,
            "process_id": self.process_id or None,
            "x": self.x,
            "y": self.y,
            "width": self.width,
            "height": self.height,
            "state": self.state,
            "is_visible": self.is_visible,
            "is_active": self.is_active,
        }


def handle(window_id: int) -> str:
    return f"{window_id:#x}"


def all_windows(connection: Connection) -> list[int]:
    """The windows that programs have opened, the front one first.

    The window manager lists them; without one they are what the screen shows.
    """
    if manager(connection) is not None:
        listed = connection.numbers(connection.root.id, "_NET_CLIENT_LIST_STACKING")
        every = connection.numbers(connection.root.id, "_NET_CLIENT_LIST")
        # Some managers put a window there once it has been raised.
        listed += [each for each in every if each not in listed]
    else:
        listed = [each for each in _children(connection) if _is_shown_by_itself(connection, each)]
    return listed[::-1]


def hidden_windows(connection: Connection) -> list[int]:
    """Windows with a title that are not shown and that no window manager lists."""
    listed = set(all_windows(connection))
    return [
        child
        for child in _children(connection)
        if child not in listed and not _is_viewable(connection, child) and title(connection, child)
    ]


def manager(connection: Connection) -> str | None:
    """The name of the window manager that runs; None if there is none."""
    found = connection.numbers(connection.root.id, "_NET_SUPPORTING_WM_CHECK")
    if not found or not exists(connection, found[0]):
        return None
    if connection.numbers(found[0], "_NET_SUPPORTING_WM_CHECK") != found:
        return None
    return connection.text(found[0], "_NET_WM_NAME") or "the window manager"


def exists(connection: Connection, window_id: int) -> bool:
    from Xlib.error import XError  # noqa: PLC0415 - an extra

    try:
        connection.window(window_id).get_attributes()
    except XError:
        return False
    return True


def title(connection: Connection, window_id: int) -> str:
    return connection.text(window_id, "_NET_WM_NAME") or connection.text(window_id, "WM_NAME")


def class_name(connection: Connection, window_id: int) -> str:
    """The second, more general name of WM_CLASS."""
    names = connection.text(window_id, "WM_CLASS").rstrip("\0").split("\0")
    return names[-1]


def process_id(connection: Connection, window_id: int) -> int:
    """The process that opened it: as it says itself, else as the server knows; 0 if nobody does."""
    said = connection.numbers(window_id, "_NET_WM_PID")
    if said and said[0]:
        return said[0]
    if not connection.display.has_extension("X-Resource"):
        return 0
    return _process_by_server(connection, window_id)


def states(connection: Connection, window_id: int) -> set[int]:
    """The atoms of _NET_WM_STATE."""
    return set(connection.numbers(window_id, "_NET_WM_STATE"))


def is_minimized(connection: Connection, window_id: int) -> bool:
    return connection.numbers(window_id, "WM_STATE")[:1] == [_ICONIC]


def is_maximized(connection: Connection, window_id: int) -> bool:
    both = {connection.atom(f"_NET_WM_STATE_MAXIMIZED_{way}") for way in ("VERT", "HORZ")}
    return both <= states(connection, window_id)


def is_visible(connection: Connection, window_id: int) -> bool:
    """Whether it is shown, on this workspace; others may cover it."""
    return not is_minimized(connection, window_id) and _is_viewable(connection, window_id)


def is_active(connection: Connection, window_id: int) -> bool:
    active = connection.numbers(connection.root.id, "_NET_ACTIVE_WINDOW")
    if manager(connection) is not None:
        return active[:1] == [window_id]
    focus = connection.display.get_input_focus().focus
    return bool(getattr(focus, "id", focus) == window_id)


def is_blocked(connection: Connection, window_id: int) -> bool:
    """Whether a modal dialog of its own is open."""
    modal = connection.atom("_NET_WM_STATE_MODAL")
    return any(
        connection.numbers(other, "WM_TRANSIENT_FOR")[:1] == [window_id]
        and modal in states(connection, other)
        and is_visible(connection, other)
        for other in all_windows(connection)
    )


def margins(connection: Connection, window_id: int) -> tuple[int, int, int, int]:
    """The width of the frame: left, right, top, bottom."""
    found = connection.numbers(window_id, "_NET_FRAME_EXTENTS")
    if len(found) != 4:
        return 0, 0, 0, 0
    left, right, top, bottom = found
    return left, right, top, bottom


def place(connection: Connection, window_id: int) -> tuple[int, int, int, int]:
    """x, y, width and height of the frame, or of the window if it has none."""
    window = connection.window(window_id)
    size = window.get_geometry()
    corner = connection.root.translate_coords(window_id, 0, 0)
    left, right, top, bottom = margins(connection, window_id)
    return (
        corner.x - left,
        corner.y - top,
        size.width + left + right,
        size.height + top + bottom,
    )


def facts(connection: Connection, window_id: int) -> Facts:
    """Raises errors of Xlib if there is no such window."""
    x, y, width, height = place(connection, window_id)
    minimized = is_minimized(connection, window_id)
    maximized = is_maximized(connection, window_id)
    return Facts(
        window_id=window_id,
        title=title(connection, window_id),
        class_name=class_name(connection, window_id),
        process_id=process_id(connection, window_id),
        x=x,
        y=y,
        width=width,
        height=height,
        state="minimized" if minimized else "maximized" if maximized else "normal",
        is_maximized=maximized,
        is_minimized=minimized,
        is_visible=not minimized and _is_viewable(connection, window_id),
        is_active=is_active(connection, window_id),
    )


def allowed_size(
    connection: Connection, window_id: int, width: int, height: int
) -> tuple[int, int]:
    """The size nearest to *width* x *height* (of the frame) that the window says it can have."""
    left, right, top, bottom = margins(connection, window_id)
    hints = connection.numbers(window_id, "WM_NORMAL_HINTS")
    hints += [0] * (_MOST_SIZE_HINTS - len(hints))
    has = hints[0]
    inner = []
    for axis, wanted in ((0, width - left - right), (1, height - top - bottom)):
        least = hints[5 + axis] if has & 16 else hints[15 + axis] if has & 256 else 1
        most = hints[7 + axis] if has & 32 else wanted
        base = hints[15 + axis] if has & 256 else least
        size = max(min(wanted, most or wanted), least, 1)
        step = hints[9 + axis] if has & 64 else 1
        inner.append(size - (size - base) % step if step > 1 and size > base else size)
    return inner[0] + left + right, inner[1] + top + bottom


def _children(connection: Connection) -> list[int]:
    """The children of the root, the lowest first."""
    return [int(child.id) for child in connection.root.query_tree().children]


def _is_shown_by_itself(connection: Connection, window_id: int) -> bool:
    from Xlib import X  # noqa: PLC0415 - an extra
    from Xlib.error import XError  # noqa: PLC0415

    try:
        about = connection.window(window_id).get_attributes()
    except XError:
        return False
    return (
        about.map_state == X.IsViewable
        and not about.override_redirect
        and about.win_class == X.InputOutput
    )


def _is_viewable(connection: Connection, window_id: int) -> bool:
    from Xlib import X  # noqa: PLC0415 - an extra
    from Xlib.error import XError  # noqa: PLC0415

    try:
        return bool(connection.window(window_id).get_attributes().map_state == X.IsViewable)
    except XError:
        return False


def _process_by_server(connection: Connection, window_id: int) -> int:
    from Xlib.ext import res  # noqa: PLC0415 - an extra

    asked: Any = [{"client": window_id, "mask": res.LocalClientPIDMask}]
    for found in res.query_client_ids(connection.display, asked).ids:
        if found.value:
            return int(found.value[0])
    return 0
