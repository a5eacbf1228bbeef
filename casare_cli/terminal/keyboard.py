"""Single keys from a terminal, as a full-screen view needs them."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Callable, Iterator

from casare_cli.terminal.stops import around_stops

#: What a key of that name (Ctrl-L) asks for, and coming back after a stop does as well.
DRAW_AGAIN = "\f"


@contextlib.contextmanager
def keys(
    leave: Callable[[], None], come_back: Callable[[], None]
) -> Iterator[Callable[[float], str]]:
    """A function that waits that many seconds for a key; "" if none is pressed.

    Keys are not echoed meanwhile; Ctrl-C stays Ctrl-C. Ctrl-Z calls *leave* and gives the shell the
    terminal as it was; after fg *come_back* is called, and the next key is DRAW_AGAIN. Both are
    called by signals: they may not write through a buffer. Where stdin is no POSIX terminal there
    are no keys, only the wait.
    """
    if sys.platform == "win32":
        yield _wait
        return
    import termios
    import tty

    try:
        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
    except (AttributeError, ValueError, OSError, termios.error):
        yield _wait
        return
    returned, returns = os.pipe()
    os.set_blocking(returns, False)

    def stopped() -> None:
        leave()
        with contextlib.suppress(OSError, termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)

    def back() -> None:
        # In the background (bg) this stops the program again, and the next SIGCONT tries again.
        with contextlib.suppress(OSError, termios.error):
            tty.setcbreak(descriptor)
        come_back()
        with contextlib.suppress(BlockingIOError):
            os.write(returns, b"\n")

    try:
        with around_stops(stopped, back):
            tty.setcbreak(descriptor)
            yield lambda seconds: _key(descriptor, returned, seconds)
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        os.close(returned)
        os.close(returns)


def _wait(seconds: float) -> str:
    time.sleep(seconds)
    return ""


def _key(descriptor: int, returned: int, seconds: float) -> str:
    readable, _, _ = select.select([descriptor, returned], [], [], seconds)
    if returned in readable:
        os.read(returned, 4096)
        return DRAW_AGAIN
    # An end of the input is a q: there is nobody who could press one.
    return (os.read(descriptor, 1).decode("latin-1") or "q") if readable else ""
