"""The person that a run can turn to: somebody at a terminal, if there is somebody.

    if ctx.person is not None:
        async with ctx.person.talk("Payment") as talk:
            talk.show("The invoice is over 10,000.")
            answer = await talk.answer("Pay it? [y/n]: ")

Whoever starts a run says how that person is reached (`RunOptions.person`); nodes know no terminal.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class PersonGone(Exception):
    """The terminal does not let itself be read: nobody can be asked there any more."""


class Talk(Protocol):
    """A dialog that is going on: what is typed is its answers, and no other's."""

    @property
    def width(self) -> int:
        """How many columns a line may have."""
        ...

    def show(self, text: str) -> None:
        """Lines for the person to read; control characters in them are made visible."""
        ...

    async def answer(
        self, question: str, *, hidden: bool = False, seconds: float | None = None
    ) -> str | None:
        """The line that the person types after *question*; None if they leave (Ctrl-D).

        A *hidden* one is not shown while it is typed. Raises TimeoutError after *seconds*, and
        PersonGone.
        """
        ...


class Person(Protocol):
    """Somebody at a terminal."""

    def talk(self, title: str) -> AbstractAsyncContextManager[Talk]:
        """A dialog; others wait until it is over."""
        ...

    def ring(self) -> None:
        """Ring the terminal's bell."""
        ...

    def notify(self, title: str, text: str) -> None:
        """Show a notification by the terminal's own means, and ring its bell."""
        ...
