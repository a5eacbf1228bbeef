"""Nodes that find windows, look at them and wait for them."""

from __future__ import annotations

from collections.abc import Callable

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.data.regexes import compile_pattern
from casare_rpa.nodes.desktop import _manager as manager
from casare_rpa.nodes.desktop import _windows as windows
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import Desktop
from casare_rpa.nodes.desktop._finding import OpenWindow, not_found, opened, titled, window_of
from casare_rpa.nodes.desktop._node import DesktopNode, WindowNode, seconds
from casare_rpa.nodes.values.reading import as_text, one_of

PROPERTIES = (
    Output("properties", "DICT"),
    Output("title", "STRING"),
    Output("x", "INTEGER"),
    Output("y", "INTEGER"),
    Output("width", "INTEGER"),
    Output("height", "INTEGER"),
    Output("state", "STRING"),
    Output("is_maximized", "BOOLEAN"),
    Output("is_minimized", "BOOLEAN"),
)
_WAITS_FOR = ("visible", "hidden", "enabled", "disabled")


class GetWindowListNode(DesktopNode):
    """List the open windows, the front one first.

    An item has `handle`, `title`, `class_name`, `process_id`, `x`, `y`, `width`, `height` (of the
    frame, in pixels), `state`, `is_visible` and `is_active`; it can be the `window` of other nodes.
    Minimised windows and those of other workspaces are listed; `include_invisible` adds windows
    that their program has made and not shown.
    """

    example = {"filter_title": "invoice"}
    drives = False
    include_invisible: bool = prop(False, kind="boolean", help="Also windows that are not shown.")
    filter_title: str = prop("", kind="string", help="A part of the title, letter case aside.")
    outputs = (Output("window_list", "LIST"), Output("window_count", "INTEGER"))

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        part = as_text(self.filter_title).casefold()
        found = await desk.use(self._list)
        kept = [each.as_json() for each in found if part in each.title.casefold()]
        return {"window_list": kept, "window_count": len(kept)}

    def _list(self, connection: Connection) -> list[windows.Facts]:
        from Xlib.error import XError  # noqa: PLC0415 - an extra

        found = windows.all_windows(connection)
        if self.include_invisible:
            found += windows.hidden_windows(connection)
        listed = []
        for window_id in found:
            try:
                listed.append(windows.facts(connection, window_id))
            except XError:  # It was closed meanwhile.
                continue
        return listed


class GetWindowPropertiesNode(WindowNode):
    """Return title, place, size and state of a window.

    Place and size are those of its frame, in pixels from the upper left of the screen; `state` is
    `normal`, `maximized` or `minimized`. `properties` also has what an item of GetWindowListNode
    has.
    """

    example = {"window": "{{launch.window}}"}
    drives = False
    outputs = PROPERTIES

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        return await properties_of(desk, await self.window_id(ctx, desk))


class ActivateWindowNode(DesktopNode):
    """Bring a window to the front and give it the keyboard.

    It is `window`, else the one titled `window_title`, letter case aside; with `match_partial` a
    part of the title is enough, and of several the front one is taken. A minimised window is shown
    again. Waits for both, the window to come and to be in front, `timeout` seconds at most.
    """

    example = {"window_title": "Text Editor"}
    match_partial: bool = prop(True, kind="boolean", help="A part of the title is enough.")
    timeout: float = prop(5.0, kind="float", minimum=0.1, help="Seconds to wait.")
    window: Json = param(None, kind="any", help="The window; empty: by its title.")
    window_title: str = param(None, kind="string", aliases=("title",), help="Its title.")
    outputs = (Output("success", "BOOLEAN"), Output("window", "ANY"))

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        limit = seconds(self.timeout, "timeout")
        window_id = await self._window_id(ctx, desk, limit)
        await manager.activate(desk, window_id, limit)
        window = await desk.use(lambda connection: opened(connection, window_id))
        return {"success": True, "window": window}

    async def _window_id(self, ctx: Context, desk: Desktop, limit: float) -> int:
        if self.window not in (None, ""):
            return await desk.use(lambda connection: window_of(ctx, connection, self.window))
        text = as_text(self.window_title).strip()
        if not text:
            raise NodeError("window or window_title is missing", ErrorCode.MISSING_REQUIRED_FIELD)

        def first(connection: Connection) -> int | None:
            return next(iter(titled(connection, text, part=bool(self.match_partial))), None)

        found = await desk.until(first, limit)
        if found is None:
            raise await desk.use(lambda connection: not_found(connection, text))
        return found


class WaitForWindowNode(DesktopNode):
    """Wait until a window is visible, hidden, enabled or disabled.

    It is the window whose title holds `title`, letter case aside, matches `title_regex` (anywhere)
    and whose class is `class_name` (`xprop` shows it as WM_CLASS), as far as these are given. A
    window is visible while it is shown, though others may cover it; hidden when it is minimised, on
    another workspace, closed or was never there; disabled while a dialog of its own keeps it from
    being used, else enabled. The display tells of each change, so `poll_interval` has no effect.
    """

    example = {"title": "Save as", "timeout": 30}
    drives = False
    title: str = param(None, kind="string", help="A part of the title.")
    title_regex: str = param(None, kind="string", help="A regular expression for the title.")
    class_name: str = param(None, kind="string", help="The window's class.")
    timeout: float = param(10.0, kind="float", minimum=0.1, help="Seconds to wait.")
    state: str = prop("visible", kind="choice", choices=_WAITS_FOR, help="What to wait for.")
    poll_interval: float = prop(0.5, kind="float", minimum=0.1, help="Has no effect.")
    outputs = (Output("window", "ANY"), Output("success", "BOOLEAN"))

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        state = one_of(self.state, "state", _WAITS_FOR)
        limit = seconds(self.timeout, "timeout")
        fits = self._fits()

        def check(connection: Connection) -> tuple[OpenWindow | None] | None:
            found = [each for each in windows.all_windows(connection) if fits(connection, each)]
            return _in_state(connection, found, state)

        outcome = await desk.until(check, limit)
        if outcome is None:
            raise NodeError(
                f"no window with {self._wanted()} was {state} within {limit:g} s"
                if state != "hidden"
                else f"a window with {self._wanted()} was still visible after {limit:g} s",
                ErrorCode.TIMEOUT,
            )
        return {"window": outcome[0], "success": True}

    def _fits(self) -> Callable[[Connection, int], bool]:
        part, name = as_text(self.title).casefold(), as_text(self.class_name).casefold()
        pattern = as_text(self.title_regex)
        if not (part or name or pattern):
            raise NodeError(
                "title, title_regex and class_name are all empty", ErrorCode.MISSING_REQUIRED_FIELD
            )
        regex = compile_pattern(pattern) if pattern else None

        def fits(connection: Connection, window_id: int) -> bool:
            title = windows.title(connection, window_id)
            return (
                part in title.casefold()
                and (regex is None or regex.search(title) is not None)
                and (not name or windows.class_name(connection, window_id).casefold() == name)
            )

        return fits

    def _wanted(self) -> str:
        given = {
            "the title": self.title,
            "a title like": self.title_regex,
            "the class": self.class_name,
        }
        return " and ".join(f"{what} {as_text(value)!r}" for what, value in given.items() if value)


async def properties_of(desk: Desktop, window_id: int) -> Outputs:
    """The outputs PROPERTIES of a window."""
    found = await desk.use(lambda connection: windows.facts(connection, window_id))
    shown = {
        "title": found.title,
        "x": found.x,
        "y": found.y,
        "width": found.width,
        "height": found.height,
        "state": found.state,
        "is_maximized": found.is_maximized,
        "is_minimized": found.is_minimized,
    }
    return {"properties": {**found.as_json(), **shown}, **shown}


def _in_state(
    connection: Connection, found: list[int], state: str
) -> tuple[OpenWindow | None] | None:
    """The first of the windows that is so, in a tuple; None if none is."""
    shown = [each for each in found if windows.is_visible(connection, each)]
    if state == "hidden":
        hidden = next((opened(connection, each) for each in found), None)
        return None if shown else (hidden,)
    if state in ("enabled", "disabled"):
        blocked = state == "disabled"
        shown = [each for each in shown if windows.is_blocked(connection, each) == blocked]
    return (opened(connection, shown[0]),) if shown else None
