"""What a person does with mouse and keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Json, NodeError, Output, Outputs, param, prop
from casare_rpa.nodes.browser._page import ElementNode, PageNode
from casare_rpa.nodes.browser._values import OpenPage
from casare_rpa.nodes.file.disk import existing_file, plain_errors
from casare_rpa.nodes.values.reading import as_int, as_number, as_text, comma_separated, one_of

if TYPE_CHECKING:
    from playwright.async_api import Locator

_BUTTONS = ("left", "right", "middle")
_MODIFIERS = ("Alt", "Control", "Meta", "Shift")
_SELECT_BY = ("value", "label", "index")
_KEYS = {
    **{"ctrl": "Control", "control": "Control", "cmd": "Meta", "win": "Meta", "meta": "Meta"},
    **{"alt": "Alt", "option": "Alt", "shift": "Shift", "esc": "Escape", "escape": "Escape"},
    **{"enter": "Enter", "return": "Enter", "tab": "Tab", "space": "Space", "del": "Delete"},
    **{"delete": "Delete", "backspace": "Backspace", "ins": "Insert", "insert": "Insert"},
    **{"up": "ArrowUp", "down": "ArrowDown", "left": "ArrowLeft", "right": "ArrowRight"},
    **{"pgup": "PageUp", "pageup": "PageUp", "pgdn": "PageDown", "pagedown": "PageDown"},
    **{"home": "Home", "end": "End"},
}
_IS_FILE_INPUT = "e => e.tagName === 'INPUT' && e.type === 'file'"
_IS_FIELD = "e => 'value' in e && !e.isContentEditable"


class ClickElementNode(ElementNode):
    """Click an element of the current page.

    It is waited for until it is there, visible, enabled and at rest, `timeout` milliseconds at
    most. `fast_mode` and `force` do not look whether it can be clicked; `trial` only looks. A
    dialog that the click opens is left to the next node, BrowserAlertHandleNode.
    """

    example = {"selector": "#send", "timeout": 5000}
    side_effect = True
    opens_dialogs = True
    verb = "clicking"
    failure = ErrorCode.CLICK_FAILED
    fast_mode: bool = prop(False, kind="boolean", help="Do not look whether it can be clicked.")
    button: str = prop("left", kind="choice", choices=_BUTTONS, help="Of the mouse.")
    click_count: int = prop(1, kind="integer", minimum=1, help="2 is a double click.")
    delay: int = prop(0, kind="integer", minimum=0, help="Milliseconds that it stays pressed.")
    force: bool = prop(False, kind="boolean", help="Do not look whether it can be clicked.")
    position_x: float | None = prop(None, kind="float", help="From its left edge, in pixels.")
    position_y: float | None = prop(None, kind="float", help="From its upper edge, in pixels.")
    modifiers: Json = prop(
        [], kind="multi_choice", choices=_MODIFIERS, help="Keys that are held meanwhile."
    )
    no_wait_after: bool = prop(False, kind="boolean", help="Has no effect any more.")
    trial: bool = prop(False, kind="boolean", help="Look only.")
    highlight_before_click: bool = prop(False, kind="boolean", help="Show it in a window.")
    outputs = (Output("page", "PAGE"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        await (await self.element(tab)).click(**self._how())
        return {"page": tab}

    def _how(self) -> dict[str, Any]:
        keys = self.modifiers
        names = comma_separated(keys) if isinstance(keys, str) else list(keys or ())
        found: dict[str, Any] = {
            "timeout": self.timeout_ms,
            "button": one_of(self.button, "button", _BUTTONS),
            "click_count": as_int(self.click_count, "click_count"),
            "delay": float(as_number(self.delay or 0, "delay")),
            "force": bool(self.force or self.fast_mode),
            "modifiers": [one_of(name, "modifiers", _MODIFIERS) for name in names],
            "trial": bool(self.trial),
        }
        if self.position_x is not None and self.position_y is not None:
            found["position"] = {
                "x": float(as_number(self.position_x, "position_x")),
                "y": float(as_number(self.position_y, "position_y")),
            }
        return found


class TypeTextNode(ElementNode):
    """Enter text into a field of the current page.

    With `clear_first` the text replaces what is there, else it is added at the end. Keys are
    pressed one by one with `press_sequentially` or a `delay`. Into a field for files goes the path
    of one.
    """

    example = {"selector": "input[name=q]", "text": "invoice 17"}
    side_effect = True
    opens_dialogs = True
    verb = "typing into"
    failure = ErrorCode.TYPE_FAILED
    text: str = param("", kind="string", help="What to type.")
    fast_mode: bool = prop(False, kind="boolean", help="Do not look whether it can be edited.")
    delay: int = prop(0, kind="integer", minimum=0, help="Milliseconds between keys.")
    clear_first: bool = prop(True, kind="boolean", help="Replace what is there.")
    press_sequentially: bool = prop(False, kind="boolean", help="Press the keys one by one.")
    force: bool = prop(False, kind="boolean", help="Do not look whether it can be edited.")
    no_wait_after: bool = prop(False, kind="boolean", help="Has no effect any more.")
    strict: bool = prop(False, kind="boolean", help="Fail if the selector finds several.")
    press_enter_after: bool = prop(False, kind="boolean", help="Press Enter afterwards.")
    press_tab_after: bool = prop(False, kind="boolean", help="Press Tab afterwards.")
    outputs = (Output("page", "PAGE"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        field = await self.element(tab)
        text = as_text(self.text)
        if await field.evaluate(_IS_FILE_INPUT, timeout=self.timeout_ms):
            with plain_errors():
                path = existing_file(ctx.path(text))
            await field.set_input_files(path, timeout=self.timeout_ms)
        else:
            await self._type(field, text)
        if self.press_enter_after:
            await field.press("Enter", timeout=self.timeout_ms)
        if self.press_tab_after:
            await field.press("Tab", timeout=self.timeout_ms)
        return {"page": tab}

    async def _type(self, field: Locator, text: str) -> None:
        limit: dict[str, Any] = {"timeout": self.timeout_ms}
        hurried = {"force": bool(self.force or self.fast_mode)}
        delay = float(as_number(self.delay or 0, "delay"))
        slowly = bool(self.press_sequentially or delay) and not self.fast_mode
        if not slowly and not self.clear_first and await field.evaluate(_IS_FIELD, **limit):
            await field.fill(await field.input_value(**limit) + text, **limit, **hurried)
            return
        if self.clear_first:
            await field.fill("" if slowly else text, **limit, **hurried)
            if not slowly:
                return
        await field.press("End", **limit)
        # The limit is for finding the field; keys take the time that they take.
        await field.press_sequentially(text, delay=delay, timeout=0)

    @property
    def seconds(self) -> float | None:
        most = super().seconds
        delay = float(as_number(self.delay or 0, "delay"))
        return None if most is None else most + len(as_text(self.text)) * (delay + 10) / 1000


class SelectDropdownNode(ElementNode):
    """Choose an option of a select element, by its value, its label or its place (from 0).

    A list chooses several, where the element takes them.
    """

    example = {"selector": "select[name=country]", "value": "de"}
    side_effect = True
    verb = "choosing in"
    failure = ErrorCode.ELEMENT_NOT_FOUND
    value: Any = param("", kind="string", help="What to choose.")
    force: bool = prop(False, kind="boolean", help="Do not look whether it can be used.")
    no_wait_after: bool = prop(False, kind="boolean", help="Has no effect any more.")
    strict: bool = prop(False, kind="boolean", help="Fail if the selector finds several.")
    select_by: str = prop("value", kind="choice", choices=_SELECT_BY, help="What `value` is.")
    outputs = (Output("page", "PAGE"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        by = one_of(self.select_by, "select_by", _SELECT_BY)
        values = self.value if isinstance(self.value, list) else [self.value]
        wanted = [as_int(v, "value") if by == "index" else as_text(v) for v in values]
        field = await self.element(tab)
        choice: Any = {by: wanted}
        await field.select_option(**choice, timeout=self.timeout_ms, force=bool(self.force))
        return {"page": tab}


class PressKeyNode(PageNode):
    """Press a key, or several at once: `Enter`, `Ctrl+A`, `Shift+Tab`."""

    example = {"key": "Enter"}
    side_effect = True
    opens_dialogs = True
    verb = "pressing"
    key: str = prop("Enter", kind="string", required=True, help="The key or keys, joined by +.")
    delay: int = prop(0, kind="integer", minimum=0, help="Milliseconds that it stays pressed.")
    outputs = (Output("page", "PAGE"),)

    async def act(self, ctx: Context, tab: OpenPage) -> Outputs:
        key = _key(as_text(self.key))
        try:
            await tab.page.keyboard.press(key, delay=float(as_number(self.delay or 0, "delay")))
        except Exception as error:
            if "unknown key" in str(error).lower():
                raise NodeError(
                    f"there is no key {self.key!r}",
                    ErrorCode.INVALID_INPUT,
                    hint="Enter, Tab, Escape, ArrowDown, F5, a letter, Ctrl+A and their like",
                ) from error
            raise
        return {"page": tab}


def _key(written: str) -> str:
    """The driver's name of what people write."""
    text = written.strip() or written
    if not text:
        raise NodeError("key is empty", ErrorCode.MISSING_REQUIRED_FIELD)
    if len(text) == 1:
        return text
    plus = text.endswith("++")
    parts = [part.strip() for part in (text[:-2] if plus else text).split("+")]
    parts = [
        _KEYS.get(part.lower(), part.upper() if _is_function(part) else part) for part in parts
    ]
    return "+".join([*parts, *(["+"] if plus else [])])


def _is_function(part: str) -> bool:
    return part[:1] in "fF" and part[1:].isdigit()
