"""What all dialogs share: whom they ask, how a question looks, and what leaving one means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Context, Node, NodeError, Outputs
from casare_rpa.nodes.dialogs._lines import one_line
from casare_rpa.nodes.person import PersonGone, Talk
from casare_rpa.nodes.values.reading import as_text

T = TypeVar("T")

#: Values so short are masked where they stand alone only.
_SHORT_SECRET = 4


class Left(Exception):
    """The person leaves the dialog: Ctrl-D, or an empty answer where there is no default."""


class Asking:
    """A dialog that is going on. What is shown in it has no secrets of the run in it."""

    def __init__(self, ctx: Context, talk: Talk) -> None:
        self.ctx = ctx
        self.talk = talk
        self.width = talk.width

    def show(self, text: Any) -> None:
        """A paragraph; none for empty text."""
        shown = self.ctx.masked(as_text(text))
        if shown:
            self.talk.show(shown)

    async def line(self, question: str, *, hidden: bool = False) -> str:
        """One line as it was typed, empty ones too. Raises Left for Ctrl-D."""
        answer = await self.talk.answer(self.ctx.masked(question), hidden=hidden)
        if answer is None:
            raise Left
        return answer

    async def text(self, label: str, default: str = "", *, optional: bool = False) -> str:
        """A line of text; an empty answer is *default*, and without one Left unless *optional*."""
        # A secret whose line ends are shown would not be known as one.
        masked = self.ctx.masked
        answer = await self.line(question(masked(label), masked(default)))
        if answer or default or optional:
            return answer or default
        raise Left

    async def secret(self, label: str, default: str = "", *, optional: bool = False) -> str:
        """As `text`, neither shown nor told to others."""
        shown = "***" if default else ""
        typed = await self.line(question(self.ctx.masked(label), shown), hidden=True)
        answer = typed or default
        if answer:
            hide(self.ctx, answer)
        if answer or optional:
            return answer
        raise Left

    async def read(
        self, label: str, default: str, read: Callable[[str], T], *, optional: bool = False
    ) -> T | None:
        """What *read* makes of an answer, asked again as long as it raises NodeError.

        None for an empty answer that is *optional*.
        """
        while True:
            answer = (await self.text(label, default, optional=optional)).strip()
            if not answer and optional:
                return None
            try:
                return read(answer)
            except NodeError as error:
                self.show(error.message)

    async def yes(self, label: str, *, default: bool) -> bool:
        """A yes or no; an empty answer is *default*."""
        return bool(await self.read(f"{label} (y/n)", "y" if default else "n", is_yes))


class DialogNode(Node, abstract=True):
    """A node that asks a person, who may take as long as they like."""

    category: ClassVar[str] = "system"
    runs_on: ClassVar[str] = "desktop-session"
    requires: ClassVar[tuple[str, ...]] = ("person",)
    timeout_seconds: ClassVar[float | None] = 0
    title: str = ""

    async def run(self, ctx: Context) -> Outputs:
        self.check(ctx)
        if ctx.person is None:
            return self.unattended(ctx)
        async with ctx.person.talk(ctx.masked(as_text(self.title))) as talk:
            try:
                return await self.ask(Asking(ctx, talk))
            except Left:
                return self.left()
            except PersonGone:
                raise nobody() from None

    def check(self, ctx: Context) -> None:
        """Raise NodeError for what is wrong whoever is asked."""

    def unattended(self, ctx: Context) -> Outputs:
        """The outputs where nobody can be asked; NodeError if there are none."""
        raise nobody()

    async def ask(self, asking: Asking) -> Outputs:
        """Ask. Raises Left."""
        raise NotImplementedError

    def left(self) -> Outputs:
        """The outputs when the person leaves the dialog."""
        raise NotImplementedError


def nobody() -> NodeError:
    """That a dialog needs a person and there is none."""
    return NodeError(
        "nobody can be asked here, and this dialog needs a person at a terminal: start the"
        " workflow there with `casare-rpa run`, its stdin left to the terminal, or give it what"
        " is asked for as an input",
        ErrorCode.RESOURCE_NOT_FOUND,
    )


def question(label: str, default: str = "") -> str:
    """The text before an answer, on one line: `Name [Ann]: `."""
    words = " ".join(label.split()).removesuffix(":")
    return f"{words} [{one_line(default)}]: " if default else f"{words}: "


def hide(ctx: Context, value: str) -> None:
    """Take an answer for a secret from now on."""
    ctx.conceal(value)
    if len(value) < _SHORT_SECRET:
        ctx.log(
            f"the secret typed is shorter than {_SHORT_SECRET} characters: inside other text it is"
            " not hidden",
            "warning",
        )


def is_yes(answer: str) -> bool:
    """Whether an answer is yes. Raises NodeError for what is neither yes nor no."""
    word = answer.strip().lower()
    if word and "yes".startswith(word):
        return True
    if word and "no".startswith(word):
        return False
    raise NodeError("Please answer y or n.", ErrorCode.INVALID_INPUT)
