"""Whoever sits at the terminal of a run: asked there by its dialogs, one dialog at a time.

It is reached by the terminal that stdin is, so that stdout and stderr may lead elsewhere. Lines are
edited by the terminal itself; waiting for one holds up nothing else.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, suppress

from casare_cli.terminal.hang_up import is_hung_up
from casare_cli.terminal.prompts import asked_again, hide_typing, is_somebody_there
from casare_rpa.nodes.person import PersonGone
from casare_rpa.unsafe_text import escape

# The consoles of Windows are no files that can be opened and waited for: nobody is asked there.
assert sys.platform != "win32"

StepAside = Callable[[], AbstractContextManager[None]]

#: A terminal passes on no longer line, and says nothing of the rest.
_LONGEST_LINE_BYTES = 4095 if sys.platform == "linux" else 1023
_READ_BYTES = 1 << 16
_USUAL_WIDTH = 80
#: How long the signal of a closed terminal may take: a shell in between passes it on.
_SIGNAL_SECONDS = 5.0
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


@contextmanager
def at_terminal(step_aside: StepAside, *, colored: bool = False) -> Iterator[AtTerminal | None]:
    """Who can be asked; None where stdin is no terminal.

    *step_aside* keeps others from writing to the terminal meanwhile.
    """
    path = _terminal() if is_somebody_there() else None
    if path is None:
        yield None
        return
    # Two, because only what is read must not wait.
    reader = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    writer = os.open(path, os.O_WRONLY | os.O_NOCTTY)
    try:
        yield AtTerminal(reader, writer, step_aside, colored=colored)
    finally:
        os.close(reader)
        os.close(writer)


def _terminal() -> str | None:
    """The path of the terminal that stdin is; None if it cannot be opened."""
    paths = ["/dev/tty"]
    with suppress(OSError):  # in a container, the terminal may be one of the outside
        paths.insert(0, os.ttyname(sys.stdin.fileno()))
    return next((path for path in paths if _opens(path)), None)


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class AtTerminal:
    """The `Person` of a run, and the `Talk` with them."""

    def __init__(
        self, reader: int, writer: int, step_aside: StepAside, *, colored: bool = False
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._step_aside = step_aside
        self._colored = colored
        self._one_at_a_time = asyncio.Lock()
        #: Writes the question that is open.
        self._ask: Callable[[], None] | None = None
        #: What came of its answer so far: Ctrl-D passes on a part.
        self._typed = b""

    @property
    def width(self) -> int:
        with suppress(OSError):
            return os.get_terminal_size(self._writer).columns or _USUAL_WIDTH
        return _USUAL_WIDTH

    @asynccontextmanager
    async def talk(self, title: str) -> AsyncIterator[AtTerminal]:
        async with self._one_at_a_time:
            with self._step_aside():
                self._forget_typed()  # it was not meant for this dialog
                title = escape(title)
                self._write(f"{_BOLD}{title}{_PLAIN}\n" if self._colored else f"{title}\n")
                yield self

    def show(self, text: str) -> None:
        self._write(escape(text) + "\n")

    async def answer(
        self, question: str, *, hidden: bool = False, seconds: float | None = None
    ) -> str | None:
        async with asyncio.timeout(seconds):
            while True:
                line = await self._asked(escape(question), hidden=hidden)
                if line is None or len(line.encode()) < _LONGEST_LINE_BYTES:
                    return line
                self.show(f"That is more than a terminal passes on: {_LONGEST_LINE_BYTES} bytes.")

    def ring(self) -> None:
        self._write("\a")

    def notify(self, title: str, text: str) -> None:
        line = " ".join(f"{title}: {text}".split())
        with self._step_aside():
            self._write(("\n" if self._ask else "") + escape(line) + "\n")
            if os.environ.get("TERM") != "dumb":
                # A semicolon would make it another command of the terminal.
                self._write(f"\x1b]9;{escape(line).replace(';', ',')}\a")
            self.ring()
            if self._ask:
                self._forget_typed()  # half an answer that is shown no longer
                self._ask()

    async def _asked(self, question: str, *, hidden: bool) -> str | None:
        def ask() -> None:
            if hidden:
                hide_typing(self._reader)
            self._write(question)

        self._ask = ask
        with self._modes_kept(), asked_again(ask):
            ask()
            try:
                line = await self._line()
            except BaseException:
                self._write("\n")
                self._forget_typed()  # half an answer is none to the next question
                raise
            finally:
                self._ask = None
            if hidden or not self._typed.endswith(b"\n"):  # the terminal shows only Enter
                self._write("\n")
            return line

    async def _line(self) -> str | None:
        self._typed = b""
        while not self._typed.endswith(b"\n"):
            piece = await self._piece()
            if not piece:
                return self._typed.decode("utf-8", "replace") or None
            self._typed += piece
        return self._typed.decode("utf-8", "replace").rstrip("\r\n")

    async def _piece(self) -> bytes:
        """What was typed up to Enter or Ctrl-D; nothing: Ctrl-D alone. Raises PersonGone."""
        loop = asyncio.get_running_loop()
        while True:
            ready = loop.create_future()
            loop.add_reader(self._reader, _set, ready)
            try:
                await ready
            finally:
                loop.remove_reader(self._reader)
            try:
                typed = os.read(self._reader, _READ_BYTES)
            except BlockingIOError:  # another process was faster
                continue
            except OSError as error:  # in the background, and the shell is gone
                await _let_the_signal_come()
                raise PersonGone from error
            if not typed and is_hung_up(self._reader):  # reads like Ctrl-D
                await _let_the_signal_come()
                raise PersonGone
            return typed

    def _write(self, text: str) -> None:
        left = text.encode("utf-8", "replace")
        with suppress(OSError):  # a terminal that is gone has nobody at it; SIGHUP ends the run
            while left:
                left = left[os.write(self._writer, left) :]

    def _forget_typed(self) -> None:
        import termios

        self._typed = b""
        with suppress(OSError, termios.error):
            termios.tcflush(self._reader, termios.TCIFLUSH)

    @contextmanager
    def _modes_kept(self) -> Iterator[None]:
        """Leave the terminal as it was: showing what is typed."""
        import termios

        try:
            before = termios.tcgetattr(self._reader)
        except (OSError, termios.error):
            yield
            return
        try:
            yield
        finally:
            with suppress(OSError, termios.error):
                termios.tcsetattr(self._reader, termios.TCSADRAIN, before)


def _set(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _let_the_signal_come() -> None:
    """Wait for the signal that comes with a closed terminal, and cancels this: it says more."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        await asyncio.sleep(_SIGNAL_SECONDS)
