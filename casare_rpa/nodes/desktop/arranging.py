"""Nodes that move, size, maximise and minimise windows."""

from __future__ import annotations

from casare_rpa.nodes.base import Context, Output, Outputs, param, port, prop
from casare_rpa.nodes.desktop import _manager as manager
from casare_rpa.nodes.desktop._display import Desktop
from casare_rpa.nodes.desktop._node import ArrangingNode
from casare_rpa.nodes.desktop.windows import PROPERTIES, properties_of
from casare_rpa.nodes.values.reading import int_within, one_of

_STATES = ("normal", "maximized", "minimized")
_ACTIONS = ("Resize", "Move", "Maximize", "Minimize", "Restore", "Get Properties", "Set State")
#: Where X can put windows, and how large they can be.
_FARTHEST = 32_767
_DONE = (Output("success", "BOOLEAN"),)


class MaximizeWindowNode(ArrangingNode):
    """Maximise a window; a minimised one is shown first."""

    example = {"window": "{{launch.window}}"}
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        await manager.set_state(desk, await self.window_id(ctx, desk), "maximized")
        return {"success": True}


class MinimizeWindowNode(ArrangingNode):
    """Minimise a window."""

    example = {"window": "{{launch.window}}"}
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        await manager.set_state(desk, await self.window_id(ctx, desk), "minimized")
        return {"success": True}


class RestoreWindowNode(ArrangingNode):
    """Show a minimised window as it was before, or make a maximised one normal."""

    example = {"window": "{{launch.window}}"}
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        await manager.restore(desk, await self.window_id(ctx, desk))
        return {"success": True}


class SetWindowStateNode(ArrangingNode):
    """Make a window normal, maximised or minimised."""

    example = {"window": "{{launch.window}}", "state": "maximized"}
    state: str = param(
        "normal", kind="choice", choices=_STATES, required=True, help="How it is to be."
    )
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        state = one_of(self.state, "state", _STATES)
        await manager.set_state(desk, await self.window_id(ctx, desk), state)
        return {"success": True}


class MoveWindowNode(ArrangingNode):
    """Move a window.

    `x` and `y` are where the upper left corner of its frame comes to lie, in pixels from that of
    the screen. A minimised or maximised window becomes normal.
    """

    example = {"window": "{{launch.window}}", "x": 0, "y": 0}
    x: int = param(100, kind="integer", help="Pixels from the left of the screen.")
    y: int = param(100, kind="integer", help="Pixels from its top.")
    bring_to_front: bool = prop(False, kind="boolean", help="Also make it the active one.")
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        window_id = await self.window_id(ctx, desk)
        await _move(desk, window_id, self.x, self.y)
        if self.bring_to_front:
            await manager.activate(desk, window_id)
        return {"success": True}


class ResizeWindowNode(ArrangingNode):
    """Change the size of a window.

    `width` and `height` are those of its frame, in pixels. A window that cannot have that size
    (one with a least size, a terminal with whole lines) gets the nearest that it can have, and the
    log says so. A minimised or maximised window becomes normal.
    """

    example = {"window": "{{launch.window}}", "width": 1024, "height": 768}
    width: int = param(800, kind="integer", minimum=1, help="Pixels from left to right.")
    height: int = param(600, kind="integer", minimum=1, help="Pixels from top to bottom.")
    bring_to_front: bool = prop(False, kind="boolean", help="Also make it the active one.")
    outputs = _DONE

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        window_id = await self.window_id(ctx, desk)
        await _resize(ctx, desk, window_id, self.width, self.height)
        if self.bring_to_front:
            await manager.activate(desk, window_id)
        return {"success": True}


class WindowManagementSuperNode(ArrangingNode):
    """Do with a window what `action` says: one node for what the nodes of each action do.

    `Get Properties` gives what GetWindowPropertiesNode gives, the others `success`.
    """

    example = {"window": "{{launch.window}}", "action": "Move", "x": 0, "y": 0}
    action: str = prop("Resize", kind="choice", choices=_ACTIONS, help="What to do.")
    width: int = param(800, kind="integer", minimum=1, help="Resize: pixels.")
    height: int = param(600, kind="integer", minimum=1, help="Resize: pixels.")
    x: int = param(100, kind="integer", help="Move: pixels from the left.")
    y: int = param(100, kind="integer", help="Move: pixels from the top.")
    window_state: str = prop("normal", kind="choice", choices=_STATES, help="Set State: how.")
    state: str = port(None, kind="string", help="Set State: how, before `window_state`.")
    bring_to_front: bool = prop(False, kind="boolean", help="Resize, Move: also activate it.")
    outputs = (*_DONE, *PROPERTIES)

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        action = one_of(self.action, "action", _ACTIONS)
        window_id = await self.window_id(ctx, desk)
        match action:
            case "Get Properties":
                return {"success": True, **await properties_of(desk, window_id)}
            case "Resize":
                await _resize(ctx, desk, window_id, self.width, self.height)
            case "Move":
                await _move(desk, window_id, self.x, self.y)
            case "Restore":
                await manager.restore(desk, window_id)
            case _:
                await manager.set_state(desk, window_id, self._wanted_state(action))
        if self.bring_to_front and action in ("Resize", "Move"):
            await manager.activate(desk, window_id)
        return {"success": True}

    def _wanted_state(self, action: str) -> str:
        fixed = {"Maximize": "maximized", "Minimize": "minimized"}
        return fixed.get(action) or one_of(self.state or self.window_state, "window_state", _STATES)


async def _move(desk: Desktop, window_id: int, x: object, y: object) -> None:
    place = [int_within(v, n, -_FARTHEST, _FARTHEST) for v, n in ((x, "x"), (y, "y"))]
    await manager.move(desk, window_id, *place)


async def _resize(
    ctx: Context, desk: Desktop, window_id: int, width: object, height: object
) -> None:
    wanted = (
        int_within(width, "width", 1, _FARTHEST),
        int_within(height, "height", 1, _FARTHEST),
    )
    got = await manager.resize(desk, window_id, *wanted)
    if got != wanted:
        ctx.log(f"the window can only be {got[0]} x {got[1]} pixels", "warning")
