"""A program at a terminal that controls it, as a shell starts it: Ctrl-C and Ctrl-Z are keys."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Sequence
from typing import IO, Any

SECONDS = 60.0


class Terminal:
    """The terminal of one program; *stdout* may lead elsewhere."""

    def __init__(
        self, words: Sequence[str], *, stdout: IO[Any] | None = None, **options: Any
    ) -> None:
        self._ours, theirs = pty.openpty()
        self.seen = ""
        self.process = subprocess.Popen(
            words,
            stdin=theirs,
            stdout=theirs if stdout is None else stdout,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,
            **options,
        )
        self._theirs = theirs

    def wait_for(self, text: str) -> str:
        """Read until *text* is shown; all that was shown since the last time, *text* included."""
        deadline, came = time.monotonic() + SECONDS, ""
        while text not in came:
            assert time.monotonic() < deadline, f"{text!r} is not in {came!r}"
            came += self._read(1.0)
        return came

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def pending(self) -> str:
        """What has been shown that nobody has read."""
        return self._read(0)

    @property
    def shows_typing(self) -> bool:
        return bool(termios.tcgetattr(self._ours)[3] & termios.ECHO)

    def show_typing(self) -> None:
        """As a shell does that takes the terminal back."""
        modes = termios.tcgetattr(self._ours)
        modes[3] |= termios.ECHO
        termios.tcsetattr(self._ours, termios.TCSANOW, modes)

    def end(self) -> tuple[int, str]:
        """The exit code, and what was shown at last."""
        deadline, came = time.monotonic() + SECONDS, ""
        while self.process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end: {came!r}"
            came += self._read(0.05)
        while piece := self._read(0):
            came += piece
        return self.process.returncode, came

    def hang_up(self) -> None:
        """Close the terminal, as its window does; nothing is seen of the program any more."""
        os.close(self._ours)
        self._ours = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._theirs)
        if self._ours >= 0:
            os.close(self._ours)

    def _read(self, seconds: float) -> str:
        if not select.select([self._ours], [], [], seconds)[0]:
            return ""
        piece = os.read(self._ours, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        self.seen += piece
        return piece


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
