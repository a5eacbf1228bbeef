"""Nodes that type."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, ClassVar, Final, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes._attempts import MAY_HAVE_ACTED
from casare_rpa.nodes.base import Context, NodeError, Output, Outputs, fragments, param, prop
from casare_rpa.nodes.desktop import _windows as windows
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._display import READ_SECONDS, Desktop
from casare_rpa.nodes.desktop._keyboard import Keyboard
from casare_rpa.nodes.desktop._keys import Stroke, as_written, chord, sequence
from casare_rpa.nodes.desktop._node import DesktopNode, seconds
from casare_rpa.nodes.values.reading import as_text, one_of

T = TypeVar("T")

_MODIFIERS = ("none", "Ctrl", "Alt", "Shift", "Win")
#: So many keys are typed in one go where no pause is wanted between them.
_IN_ONE_GO: Final = 50
#: So many are looked at for characters that need a spare key.
_LOOK_AHEAD: Final = 1000


class SendKeysNode(DesktopNode):
    """Type text and keys into the window that has the keyboard.

    Text is typed as it is, any Unicode character of it; a line end is Enter. Braces name keys:

    - `{Enter}`, `{Tab 3}` (three times), `{Escape}`, `{Backspace}`, `{Delete}`, `{Home}`, `{End}`,
      `{PageUp}`, `{PageDown}`, `{Left}`, `{F5}`
    - `{Ctrl+S}`, `{Alt+F4}`, `{Ctrl+Shift+Tab}`: keys with Ctrl, Alt, Shift, Win, AltGr held
    - `{Ctrl}c`, `{Shift}(abc)`: held for the next key, or for those in parentheses
    - `{{}` and `{}}`: the braces themselves

    `^`, `+` and `%` are typed like other characters. What a placeholder in a longer text stands for
    is typed as it is, and so is a secret; a text that is one placeholder alone is read as above.

    `with_ctrl`, `with_shift` and `with_alt` hold these for every key. `clear_first` selects all
    (Ctrl+A) and deletes it. Caps Lock is switched off meanwhile. A character that the keyboard
    layout lacks is given to a spare key until the run ends. `keys_sent` counts the keys of `keys`.
    """

    example = {"keys": "Ada Lovelace{Tab}1815{Enter}"}
    side_effect = True
    keys: Any = fragments("", kind="string", help="What to type.")
    interval: float = param(0.01, kind="float", minimum=0.0, help="Seconds between two keys.")
    with_shift: bool = prop(False, kind="boolean", help="Hold Shift.")
    with_ctrl: bool = prop(False, kind="boolean", help="Hold Ctrl.")
    with_alt: bool = prop(False, kind="boolean", help="Hold Alt.")
    press_enter_after: bool = prop(False, kind="boolean", help="Press Enter at the end.")
    clear_first: bool = prop(False, kind="boolean", help="Delete what the field holds before.")
    outputs = (Output("success", "BOOLEAN"), Output("keys_sent", "INTEGER"))

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        pause = seconds(self.interval, "interval")
        wanted = {"ctrl": self.with_ctrl, "alt": self.with_alt, "shift": self.with_shift}
        held = tuple(name for name, is_held in wanted.items() if is_held)
        typed = [stroke.with_also(held) for stroke in self._strokes(ctx)]
        before = [chord("Ctrl+A"), chord("Delete")] if self.clear_first else []
        after = [chord("Enter")] if self.press_enter_after else []
        await desk.use(_check_focus)
        await type_keys(desk, [*before, *typed, *after], pause)
        return {"success": True, "keys_sent": len(typed)}

    def _strokes(self, ctx: Context) -> list[Stroke]:
        if isinstance(self.keys, str) and ctx.masked(self.keys) != self.keys:
            return list(as_written(self.keys))
        return sequence(self.keys)


class SendHotKeyNode(DesktopNode):
    """Press a key, with modifiers or without.

    `keys` has all of them (`Ctrl+Shift+S`, `Alt+F4`, `F5`); if it is empty, it is `modifier` and
    `key`. They go to the window that has the keyboard, or to whoever has reserved that combination.
    `wait_time` is how long to wait afterwards, in seconds.
    """

    example = {"keys": "Ctrl+S"}
    side_effect = True
    modifier: str = prop("none", kind="choice", choices=_MODIFIERS, help="What is held.")
    key: str = prop("Enter", kind="string", help="The key: a character or a name.")
    keys: str = param("", kind="string", aliases=("hotkey",), help="All in one, with plus signs.")
    wait_time: float = param(0.0, kind="float", minimum=0.0, help="Seconds to wait afterwards.")
    outputs: ClassVar[tuple[Output, ...]] = (Output("success", "BOOLEAN"),)

    async def act(self, ctx: Context, desk: Desktop) -> Outputs:
        pause = seconds(self.wait_time, "wait_time")
        text = as_text(self.keys).strip() or self._written()
        await type_keys(desk, [chord(text.replace("{", "").replace("}", ""))], 0)
        await asyncio.sleep(pause)
        return {"success": True}

    def _written(self) -> str:
        key = as_text(self.key).strip()
        if not key:
            raise NodeError("key and keys are empty", ErrorCode.MISSING_REQUIRED_FIELD)
        modifier = one_of(self.modifier, "modifier", _MODIFIERS)
        return key if modifier == "none" else f"{modifier}+{key}"


async def type_keys(desk: Desktop, strokes: Sequence[Stroke], pause_seconds: float) -> None:
    """Press keys one after the other; no key stays down, whatever ends it. Raises NodeError."""
    done, step = 0, 1 if pause_seconds else _IN_ONE_GO
    try:
        async with desk.hands, _without_caps_lock(desk):
            while done < len(strokes):
                some = partial(_press, strokes=strokes[done : done + _LOOK_AHEAD], most=step)
                count = await desk.use(_keyboard(desk, some))
                if count == 0:
                    await asyncio.sleep(READ_SECONDS)
                    await desk.use(_keyboard(desk, Keyboard.take_back))
                done += count
                if done < len(strokes):
                    await asyncio.sleep(pause_seconds)
    except NodeError as error:
        if done or error.error_code is not ErrorCode.KEYBOARD_INPUT_FAILED:
            error.details[MAY_HAVE_ACTED] = True
        raise


def _press(keyboard: Keyboard, strokes: Sequence[Stroke], most: int) -> int:
    """Press at most so many of the first keys; how many could be pressed."""
    count = min(keyboard.prepare(strokes), most)
    for stroke in strokes[:count]:
        keyboard.press(stroke)
    return count


@asynccontextmanager
async def _without_caps_lock(desk: Desktop) -> AsyncIterator[None]:
    was_on = await desk.use(_keyboard(desk, Keyboard.switch_caps_lock_off))
    try:
        yield
    finally:
        if was_on:
            await desk.use(_keyboard(desk, Keyboard.switch_caps_lock))


def _keyboard(desk: Desktop, work: Callable[[Keyboard], T]) -> Callable[[Connection], T]:
    return lambda connection: work(Keyboard(connection, desk.held))


def _check_focus(connection: Connection) -> None:
    """Raise NodeError if nobody would get what is typed."""
    focus = connection.display.get_input_focus().focus
    nobody = getattr(focus, "id", focus) == 0
    if windows.manager(connection) is not None:
        active = connection.numbers(connection.root.id, "_NET_ACTIVE_WINDOW")
        nobody = not set(active) & set(windows.all_windows(connection))
    if nobody:
        raise NodeError(
            "no window has the keyboard",
            ErrorCode.KEYBOARD_INPUT_FAILED,
            hint="put an ActivateWindowNode before this node, or click into the window",
        )
