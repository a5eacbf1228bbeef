"""Nodes that move the pointer and click."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import Desktop
from casare_rpa.nodes.desktop._keyboard import Keyboard
from casare_rpa.nodes.desktop._node import DesktopNode, seconds
from casare_rpa.nodes.desktop._screen import screen_size
from casare_rpa.nodes.values.reading import as_int, as_number, int_within, one_of, optional_int

#: Numbers of the X protocol.
_BUTTONS: Final[Mapping[str, int]] = {"left": 1, "middle": 2, "right": 3}
_CLICKS: Final[Mapping[str, int]] = {"single": 1, "double": 2, "triple": 3}
_EASES: Final[Mapping[str, Callable[[float], float]]] = {
    "linear": lambda part: part,
    "ease_in": lambda part: part * part,
    "ease_out": lambda part: part * (2 - part),
    "ease_in_out": lambda part: 2 * part * part if part < 0.5 else 1 - 2 * (1 - part) ** 2,
}
_MOST_CLICKS: Final = 100
_MOST_STEPS: Final = 10_000
#: What is dragged is only taken along once it has seen the pointer move.
_DRAG_STEPS: Final = 10
_DRAG_STEPS_A_SECOND: Final = 60
#: A window manager looks at a press before the program gets it, and swallows movements meanwhile.
_GRIP_SECONDS: Final = 0.05

Point = tuple[int, int]


class GetMousePositionNode(DesktopNode):
    """Return where the pointer is, in pixels from the upper left of the screen."""

    example = {}
    drives = False
    outputs = (Output("x", "INTEGER"), Output("y", "INTEGER"))

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        x, y = await desk.use(_position)
        return {"x": x, "y": y}


class MoveMouseNode(DesktopNode):
    """Move the pointer, at once or in `steps` over `duration` seconds.

    With `ease` it begins slowly, ends slowly, or both. `x` and `y` are pixels from the upper left
    of the screen.
    """

    example = {"x": 200, "y": 120, "duration": 0.3, "ease": "ease_in_out"}
    x: int = param(None, kind="integer", required=True, help="Pixels from the left.")
    y: int = param(None, kind="integer", required=True, help="Pixels from the top.")
    duration: float = param(0.0, kind="float", minimum=0.0, help="Seconds that it takes.")
    ease: str = prop("linear", kind="choice", choices=tuple(_EASES), help="How it speeds up.")
    steps: int = prop(10, kind="integer", minimum=1, help="Stops on the way, if it takes time.")
    outputs = (
        Output("success", "BOOLEAN"),
        Output("final_x", "INTEGER"),
        Output("final_y", "INTEGER"),
    )

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        duration = seconds(self.duration, "duration")
        ease = _EASES[one_of(self.ease, "ease", _EASES)]
        steps = int_within(self.steps, "steps", 1, _MOST_STEPS) if duration else 1
        end = await _on_screen(desk, self.x, self.y)
        async with desk.hands:
            start = await desk.use(_position)
            await _glide(desk, _way(start, end, steps, ease), duration)
            x, y = await desk.use(_position)
        return {"success": True, "final_x": x, "final_y": y}


class MouseClickNode(DesktopNode):
    """Click, at `x` and `y` or where the pointer is.

    The number of clicks is that of `click_type`, or `click_count` if that is more than one; `delay`
    is the time between them in milliseconds. `with_ctrl`, `with_shift` and `with_alt` hold these
    keys.
    """

    example = {"x": 200, "y": 120, "click_type": "double"}
    side_effect = True
    x: int | None = param(None, kind="integer", help="Pixels from the left; empty: as it is.")
    y: int | None = param(None, kind="integer", help="Pixels from the top; empty: as it is.")
    button: str = prop(
        "left", kind="choice", choices=("left", "right", "middle"), help="Which button."
    )
    click_type: str = prop("single", kind="choice", choices=tuple(_CLICKS), help="How often.")
    click_count: int = prop(1, kind="integer", minimum=1, help="How often, if more than once.")
    with_ctrl: bool = prop(False, kind="boolean", help="Hold Ctrl.")
    with_shift: bool = prop(False, kind="boolean", help="Hold Shift.")
    with_alt: bool = prop(False, kind="boolean", help="Hold Alt.")
    delay: int = prop(0, kind="integer", minimum=0, help="Milliseconds between two clicks.")
    outputs = (
        Output("success", "BOOLEAN"),
        Output("click_x", "INTEGER"),
        Output("click_y", "INTEGER"),
    )

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        button = _BUTTONS[one_of(self.button, "button", _BUTTONS)]
        count = int_within(self.click_count, "click_count", 1, _MOST_CLICKS)
        if count == 1:
            count = _CLICKS[one_of(self.click_type, "click_type", _CLICKS)]
        pause = seconds(as_number(self.delay or 0, "delay"), "delay") / 1000
        async with desk.hands:
            await self._go(desk)
            for number in range(count):
                await asyncio.sleep(pause if number else 0)
                await self._click(desk, button)
            x, y = await desk.use(_position)
        return {"success": True, "click_x": x, "click_y": y}

    async def _go(self, desk: Desktop) -> None:
        x, y = optional_int(self.x, "x"), optional_int(self.y, "y")
        if x is None and y is None:
            return
        here = await desk.use(_position)
        point = here[0] if x is None else x, here[1] if y is None else y
        await desk.use(_motion(await _on_screen(desk, *point)))

    async def _click(self, desk: Desktop, button: int) -> None:
        wanted = {"ctrl": self.with_ctrl, "shift": self.with_shift, "alt": self.with_alt}
        names = [name for name, is_held in wanted.items() if is_held]

        def click(connection: Connection) -> None:
            with Keyboard(connection, desk.held).modifiers(names):
                desk.held.press(connection, button)
                desk.held.release(connection, button)
                if names:
                    # A window manager may pass the click on with what is held by then.
                    connection.display.sync()
                    time.sleep(_GRIP_SECONDS)

        try:
            await desk.use(click)
        except NodeError as error:
            error.details[MAY_HAVE_ACTED] = True
            raise


class DragMouseNode(DesktopNode):
    """Drag with a mouse button from one point of the screen to another.

    It takes `duration` seconds; some programs notice a drag only if it takes a moment. Whatever
    ends the node, the button is released.
    """

    example = {"start_x": 100, "start_y": 100, "end_x": 300, "end_y": 100, "duration": 0.3}
    side_effect = True
    start_x: int = param(
        None, kind="integer", required=True, aliases=("from_x",), help="Where it begins."
    )
    start_y: int = param(
        None, kind="integer", required=True, aliases=("from_y",), help="Where it begins."
    )
    end_x: int = param(None, kind="integer", required=True, aliases=("to_x",), help="Where to.")
    end_y: int = param(None, kind="integer", required=True, aliases=("to_y",), help="Where to.")
    button: str = prop(
        "left", kind="choice", choices=("left", "right", "middle"), help="Which button."
    )
    duration: float = param(0.0, kind="float", minimum=0.0, help="Seconds that it takes.")
    outputs: ClassVar[tuple[Output, ...]] = (Output("success", "BOOLEAN"),)

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        button = _BUTTONS[one_of(self.button, "button", _BUTTONS)]
        duration = seconds(self.duration, "duration")
        start = await _on_screen(desk, self.start_x, self.start_y, "start_")
        end = await _on_screen(desk, self.end_x, self.end_y, "end_")
        steps = min(max(_DRAG_STEPS, round(duration * _DRAG_STEPS_A_SECOND)), _MOST_STEPS)
        async with desk.hands:
            await desk.use(_motion(start))
            try:
                await desk.use(lambda connection: desk.held.press(connection, button))
                await asyncio.sleep(_GRIP_SECONDS)
                await _glide(desk, _way(start, end, steps, _EASES["linear"]), duration)
            except NodeError as error:
                error.details[MAY_HAVE_ACTED] = True
                raise
            finally:
                await desk.use(lambda connection: desk.held.release(connection, button))
        return {"success": True}


async def _glide(desk: Desktop, way: list[Point], time_seconds: float) -> None:
    """Move the pointer from point to point, evenly in time."""
    for point in way:
        await asyncio.sleep(time_seconds / len(way))
        await desk.use(_motion(point))


def _way(start: Point, end: Point, steps: int, ease: Callable[[float], float]) -> list[Point]:
    """The points from *start* to *end*, without the first."""
    parts = [ease(number / steps) for number in range(1, steps + 1)]
    return [
        (round(start[0] + part * (end[0] - start[0])), round(start[1] + part * (end[1] - start[1])))
        for part in parts
    ]


def _position(connection: Connection) -> Point:
    found = connection.root.query_pointer()
    return int(found.root_x), int(found.root_y)


def _motion(point: Point) -> Callable[[Connection], None]:
    def move(connection: Connection) -> None:
        from Xlib import X  # noqa: PLC0415 - an extra
        from Xlib.ext import xtest  # noqa: PLC0415

        xtest.fake_input(connection.display, X.MotionNotify, x=point[0], y=point[1])

    return move


async def _on_screen(desk: Desktop, x: Any, y: Any, prefix: str = "") -> Point:
    """The point, if the screen has it. Raises NodeError."""
    point = as_int(x, f"{prefix}x"), as_int(y, f"{prefix}y")
    width, height = await desk.use(screen_size)
    if not (0 <= point[0] < width and 0 <= point[1] < height):
        raise NodeError(
            f"{prefix}x {point[0]}, {prefix}y {point[1]} is not on the screen, which is"
            f" {width} x {height} pixels",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return point
