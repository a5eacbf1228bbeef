"""Dialogs with a message and buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, port, prop
from casare_rpa.nodes.dialogs._buttons import pressed
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left, nobody
from casare_rpa.nodes.values.reading import as_text, number_or_none, one_of

_BUTTONS: Final[Mapping[str, tuple[str, ...]]] = {
    "ok": ("OK",),
    "ok_cancel": ("OK", "Cancel"),
    "yes_no": ("Yes", "No"),
    "yes_no_cancel": ("Yes", "No", "Cancel"),
}
#: What closing the box comes to, by what stands on it.
_CLOSED: Final[Mapping[str, str]] = {
    "ok": "ok",
    "ok_cancel": "cancel",
    "yes_no": "no",
    "yes_no_cancel": "cancel",
}
_PREFIXES: Final[Mapping[str, str]] = {"warning": "Warning: ", "error": "Error: "}
_ON_TOP = "Kept for files: a terminal has no windows."


class MessageBoxNode(DialogNode):
    """Tell a person something and have them choose a button.

    The answer is the first letters of a button. Enter alone takes `default_button`, or the only
    button there is; without either, and with Ctrl-D, the box is closed: `result` is then `cancel`,
    for `yes_no` `no`. `accepted` says that it was OK or Yes.

    After `auto_close_timeout` seconds without an answer the result is `default_button`, else that
    of closing the box; a box with OK alone closes with `ok`. Where nobody can be asked such a box
    closes at once, its message stands in the log, and one without `auto_close_timeout` fails.
    """

    example = {"message": "All invoices are paid.", "auto_close_timeout": 30}
    title: str = prop("Message", kind="string", help="The headline.")
    message: str = param("", kind="string", help="What to say.")
    detailed_text: str = prop("", kind="string", help="More, below the message.")
    icon_type: str = prop(
        "information",
        kind="choice",
        choices=("information", "warning", "error", "question"),
        help="A warning or an error says so before the message.",
    )
    buttons: str = prop(
        "ok",
        kind="choice",
        choices=("ok", "ok_cancel", "yes_no", "yes_no_cancel"),
        help="What can be chosen.",
    )
    default_button: str = prop("", kind="string", help="What Enter alone takes.")
    always_on_top: bool = prop(True, kind="boolean", help=_ON_TOP)
    play_sound: bool = prop(False, kind="boolean", help="Ring the terminal's bell.")
    auto_close_timeout: int = prop(
        0, kind="integer", minimum=0, help="Seconds to wait for an answer; 0: no limit."
    )
    outputs = (Output("result", "STRING"), Output("accepted", "BOOLEAN"))

    def check(self, ctx: Context) -> None:
        self.kind = one_of(self.buttons, "buttons", _BUTTONS)
        self.names = _BUTTONS[self.kind]
        self.default = self._default()
        self.seconds = float(number_or_none(self.auto_close_timeout) or 0)

    def unattended(self, ctx: Context) -> Outputs:
        if self.seconds <= 0:
            raise nobody()
        found = self._closed_by_itself()
        ctx.log(f"nobody is asked: {self._words()}: {found['result']}")
        return found

    async def ask(self, asking: Asking) -> Outputs:
        if self.play_sound and asking.ctx.person is not None:
            asking.ctx.person.ring()
        asking.show(self._words())
        asking.show(self.detailed_text)
        if self.seconds > 0:
            asking.show(f"(closes by itself after {self.seconds:g} s)")
        try:
            index = await pressed(asking, self.names, self.default, self.seconds or None)
        except TimeoutError:
            found = self._closed_by_itself()
            asking.show(f"(closed: {found['result']})")
            return found
        if index is None:
            raise Left
        return self._result(self.names[index].lower())

    def left(self) -> Outputs:
        result = "cancel" if self.kind == "ok" else _CLOSED[self.kind]
        return self._result(result)

    def _words(self) -> str:
        return _PREFIXES.get(as_text(self.icon_type), "") + as_text(self.message)

    def _default(self) -> int | None:
        wanted = as_text(self.default_button).strip()
        if wanted:
            return self.names.index(one_of(wanted, "default_button", self.names))
        return 0 if len(self.names) == 1 else None

    def _closed_by_itself(self) -> Outputs:
        if self.default is not None:
            return self._result(self.names[self.default].lower())
        return self._result(_CLOSED[self.kind])

    def _result(self, result: str) -> Outputs:
        return {"result": result, "accepted": result in ("ok", "yes")}


class ConfirmDialogNode(DialogNode):
    """Ask a person a question of yes or no.

    The answer is the first letters of `button_yes_text` or `button_no_text`; `button_clicked` is
    that button's text. Enter alone and Ctrl-D are no button: `confirmed` is false then, and
    `button_clicked` empty.
    """

    example = {"message": "Pay the invoices?"}
    title: str = prop("Confirm", kind="string", help="The headline.")
    message: str = param("Are you sure?", kind="string", help="The question.")
    icon_type: str = prop(
        "question",
        kind="choice",
        choices=("question", "warning", "info"),
        help="A warning says so before the question.",
    )
    always_on_top: bool = prop(True, kind="boolean", help=_ON_TOP)
    button_yes_text: str = prop("Yes", kind="string", help="The word for yes.")
    button_no_text: str = prop("No", kind="string", help="The word for no.")
    outputs = (Output("confirmed", "BOOLEAN"), Output("button_clicked", "STRING"))

    async def ask(self, asking: Asking) -> Outputs:
        asking.show(_PREFIXES.get(as_text(self.icon_type), "") + as_text(self.message))
        names = (as_text(self.button_yes_text) or "Yes", as_text(self.button_no_text) or "No")
        index = await pressed(asking, names, None)
        if index is None:
            raise Left
        return {"confirmed": index == 0, "button_clicked": names[index]}

    def left(self) -> Outputs:
        return {"confirmed": False, "button_clicked": ""}


class ProgressDialogNode(Node):
    """Say how far the work is, as a line of the run's log.

    `value` is the percentage; `indeterminate`, or no `show_percent`, leaves it out. It asks nobody,
    so it runs anywhere, and `canceled` stays false: Ctrl-C stops the run itself.
    """

    category = "system"
    runs_on = "desktop-session"
    example = {"message": "Reading the invoices"}
    title: str = prop("Progress", kind="string", help="The headline.")
    message: str = prop("Processing...", kind="string", help="What is being done.")
    show_percent: bool = prop(True, kind="boolean", help="Say the percentage.")
    allow_cancel: bool = prop(True, kind="boolean", help="Kept for files: Ctrl-C stops the run.")
    indeterminate: bool = prop(False, kind="boolean", help="Nobody knows how far it is.")
    value: int = port(None, kind="integer", help="The percentage, from 0 to 100.")
    outputs = (Output("canceled", "BOOLEAN"),)

    def run(self, ctx: Context) -> Outputs:
        line = f"{as_text(self.title)}: {as_text(self.message)}"
        percent = number_or_none(self.value)
        if percent is not None and self.show_percent and not self.indeterminate:
            line += f" {min(max(percent, 0), 100):g} %"
        ctx.log(line)
        return {"canceled": False}
