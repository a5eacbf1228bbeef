"""Questions to a person at a terminal. Only here is one asked, so that all end the same way."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

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

    with _ended_by_the_person(with_yes), _asked_again(f"{question} [y/N]: "):
        is_yes = typer.confirm(question, err=True)
    if not is_yes:
        raise Declined("nothing was changed")


def typed_unseen(what: str, hint: str) -> str:
    """What is typed without echo at a terminal that is there.

    Raises KeyboardInterrupt for Ctrl-C, and InvalidInput with *hint* for Ctrl-D.
    """
    import typer

    text = f"{what} (not shown)"
    with _ended_by_the_person(hint), _asked_again(f"{text}: ", is_hidden=True):
        return str(typer.prompt(text, hide_input=True, err=True))


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


@contextmanager
def asked_again(ask: Callable[[], None]) -> Iterator[None]:
    """Call *ask* when somebody stopped the program at a question (Ctrl-Z) and comes back (fg).

    The shell has let the terminal show what is typed meanwhile: *ask* hides it again where it must.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.signal(signal.SIGCONT, lambda number, frame: ask())
    try:
        yield
    finally:
        signal.signal(signal.SIGCONT, before)


def hide_typing(descriptor: int) -> None:
    """Let the terminal not show what is typed from now on; Windows needs no such help."""
    if sys.platform == "win32":
        return
    import termios

    # In the background (bg) this stops the program again, and the next SIGCONT tries again.
    with suppress(OSError, termios.error):
        modes = termios.tcgetattr(descriptor)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, modes)


def _asked_again(question: str, *, is_hidden: bool = False) -> AbstractContextManager[None]:
    def ask() -> None:
        if is_hidden:
            hide_typing(sys.stdin.fileno())
        sys.stderr.write(question)
        sys.stderr.flush()

    return asked_again(ask)
