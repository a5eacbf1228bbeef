"""Dialogs for text: a line, several lines, a name and a password."""

from __future__ import annotations

from casare_rpa.nodes.base import Context, Output, Outputs, prop
from casare_rpa.nodes.dialogs._dialog import Asking, DialogNode, Left, hide
from casare_rpa.nodes.values.reading import as_text, number_or_none

_END = "."


class InputDialogNode(DialogNode):
    """Ask a person for one line of text.

    Enter alone takes `default_value`. Without one, and with Ctrl-D, the dialog is cancelled:
    `confirmed` is false and `value` empty. With `password_mode` the line is not shown while it is
    typed, and nobody else sees it: logs, events and results say `***`. One of fewer than 4
    characters is `***` where it stands alone only, not inside other text, and the log warns of it.
    """

    example = {"title": "Invoices", "prompt": "Month:", "default_value": "11"}
    title: str = prop("Input", kind="string", help="The headline.")
    prompt: str = prop("Enter value:", kind="string", aliases=("label",), help="The question.")
    default_value: str = prop("", kind="string", help="What Enter alone takes.")
    password_mode: bool = prop(False, kind="boolean", help="Hide the line, and keep it secret.")
    outputs = (Output("value", "STRING"), Output("confirmed", "BOOLEAN"))

    def check(self, ctx: Context) -> None:
        if self.password_mode and as_text(self.default_value):
            ctx.conceal(as_text(self.default_value))

    async def ask(self, asking: Asking) -> Outputs:
        label, default = as_text(self.prompt), as_text(self.default_value)
        ask = asking.secret if self.password_mode else asking.text
        return {"value": await ask(label, default), "confirmed": True}

    def left(self) -> Outputs:
        return {"value": "", "confirmed": False}


class MultilineInputDialogNode(DialogNode):
    """Ask a person for several lines of text.

    A line with a dot alone, or Ctrl-D, ends the text. A dot at once takes `default_text`; Ctrl-D at
    once cancels the dialog: `confirmed` is false and `text` empty. A text of more than `max_chars`
    characters is asked for again.
    """

    example = {"title": "Reason", "placeholder": "Why is it refused?"}
    title: str = prop("Enter Text", kind="string", help="The headline.")
    default_text: str = prop("", kind="text", help="What a dot at once takes.")
    placeholder: str = prop("", kind="string", help="What is wanted, said before the first line.")
    max_chars: int = prop(0, kind="integer", minimum=0, help="The most characters; 0: any.")
    outputs = (
        Output("text", "STRING"),
        Output("confirmed", "BOOLEAN"),
        Output("char_count", "INTEGER"),
    )

    async def ask(self, asking: Asking) -> Outputs:
        default = as_text(self.default_text)
        most = number_or_none(self.max_chars) or 0
        asking.show(self.placeholder)
        if default:
            asking.show(f"A dot at once takes this:\n{default}")
        while True:
            asking.show("(a line with a dot alone ends the text)")
            text = await _lines(asking) or default
            if not text:
                raise Left
            if not most or len(text) <= most:
                return {"text": text, "confirmed": True, "char_count": len(text)}
            asking.show(f"That is {len(text)} characters; at most {most} are taken. Once more:")

    def left(self) -> Outputs:
        return {"text": "", "confirmed": False, "char_count": 0}


class CredentialDialogNode(DialogNode):
    """Ask a person for a name and a password.

    The password is not shown while it is typed (without `mask_password` it is), and nobody else
    sees it: logs, events and results say `***`, but inside other text not for one of fewer than 4
    characters, which the log warns of. An empty name or password, and Ctrl-D, cancel the dialog:
    `confirmed` is false. With `show_remember` they are asked whether to remember it;
    `remember` says so to the workflow, and nothing is stored by that.

    What a workflow needs each time is better kept as a stored secret: `casare-rpa secrets set`.
    """

    example = {"title": "Bank"}
    title: str = prop("Login", kind="string", help="The headline.")
    username_label: str = prop("Username:", kind="string", help="The question for the name.")
    password_label: str = prop("Password:", kind="string", help="The question for the password.")
    show_remember: bool = prop(True, kind="boolean", help="Ask whether to remember it.")
    mask_password: bool = prop(True, kind="boolean", help="Hide the password as it is typed.")
    outputs = (
        Output("username", "STRING"),
        Output("password", "STRING"),
        Output("remember", "BOOLEAN"),
        Output("confirmed", "BOOLEAN"),
    )

    async def ask(self, asking: Asking) -> Outputs:
        username = await asking.text(as_text(self.username_label) or "Username")
        label = as_text(self.password_label) or "Password"
        if self.mask_password:
            password = await asking.secret(label)
        else:
            password = await asking.text(label)
            hide(asking.ctx, password)
        remember = bool(self.show_remember) and await asking.yes("Remember it", default=False)
        return {
            "username": username,
            "password": password,
            "remember": remember,
            "confirmed": True,
        }

    def left(self) -> Outputs:
        return {"username": "", "password": "", "remember": False, "confirmed": False}


async def _lines(asking: Asking) -> str:
    """The lines up to a dot or Ctrl-D. Raises Left for Ctrl-D at once."""
    found: list[str] = []
    while True:
        try:
            line = await asking.line("")
        except Left:
            if found:
                return "\n".join(found)
            raise
        if line == _END:
            return "\n".join(found)
        found.append(line)
