"""Questions to a person at a terminal. Only here is one asked, so that all end the same way."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from casare_rpa.errors import CasareError, InvalidInput


class Declined(CasareError):
    """The person said no."""

    code = "DECLINED"


def is_somebody_there() -> bool:
    """Whether there is a terminal to ask at."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(question: str, with_yes: str) -> None:
    """Ask at a terminal. Raises Declined for a no, KeyboardInterrupt for Ctrl-C.

    Raises InvalidInput where nobody can be asked or nobody answers (Ctrl-D), with the command
    *with_yes* as the mend.
    """
    if not is_somebody_there():
        what = question[:1].lower() + question[1:].rstrip("?")
        raise InvalidInput(f"to {what} needs --yes when nobody can be asked", hint=with_yes)
    import typer

    with _ended_by_the_person(with_yes):
        is_yes = typer.confirm(question, err=True)
    if not is_yes:
        raise Declined("nothing was changed")


def typed_unseen(what: str, hint: str) -> str:
    """What is typed without echo at a terminal that is there.

    Raises KeyboardInterrupt for Ctrl-C, and InvalidInput with *hint* for Ctrl-D.
    """
    import typer

    with _ended_by_the_person(hint):
        return str(typer.prompt(f"{what} (not shown)", hide_input=True, err=True))


@contextmanager
def _ended_by_the_person(hint: str) -> Iterator[None]:
    """Tell Ctrl-C and Ctrl-D apart, which typer takes for the same."""
    import typer

    try:
        yield
    except typer.Abort as abort:
        # The question's line has no end yet.
        typer.echo(err=True)
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise InvalidInput("nothing was changed: no answer was given", hint=hint) from None
