"""What a run holds down or has changed of the keyboard, so that it can be put right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from casare_rpa.nodes.desktop._connection import Connection

_BUTTONS: Final = 5


class Held:
    """Buttons and keys that are pressed, and keys that were given another letter."""

    def __init__(self) -> None:
        self._buttons: list[int] = []
        self._looked = False
        #: By keycode, the row of the keyboard's table as it was.
        self.rows: dict[int, list[int]] = {}

    @property
    def anything(self) -> bool:
        """Whether there is something to put right."""
        return bool(self._buttons or self.rows)

    def press(self, connection: Connection, button: int) -> None:
        from Xlib import X  # noqa: PLC0415 - an extra

        self._buttons.append(button)
        _fake(connection, X.ButtonPress, button)

    def release(self, connection: Connection, button: int) -> None:
        from Xlib import X  # noqa: PLC0415 - an extra

        _fake(connection, X.ButtonRelease, button)
        if button in self._buttons:
            self._buttons.remove(button)

    @contextmanager
    def keys(self, connection: Connection, keycodes: list[int]) -> Iterator[None]:
        """Hold keys down while the block runs, which must not take long."""
        from Xlib import X  # noqa: PLC0415 - an extra

        try:
            for keycode in keycodes:
                _fake(connection, X.KeyPress, keycode)
            yield
        finally:
            for keycode in reversed(keycodes):
                _fake(connection, X.KeyRelease, keycode)

    def let_go(self, connection: Connection) -> None:
        """Release everything, and restore the keyboard."""
        for button in tuple(self._buttons):
            self.release(connection, button)
        self.restore(connection)

    def restore(self, connection: Connection) -> None:
        """Give the keys their letters back."""
        for keycode, row in self.rows.items():
            connection.display.change_keyboard_mapping(keycode, [row])
        self.rows.clear()

    def from_before(self, connection: Connection) -> str:
        """Release what is pressed already, once; in words what it was.

        A program that was killed leaves what it had pressed, and nobody else would release it.
        """
        from Xlib import X  # noqa: PLC0415 - an extra

        if self._looked:
            return ""
        self._looked = True
        mask = connection.root.query_pointer().mask
        buttons = [n for n in range(1, _BUTTONS + 1) if mask & (X.Button1Mask << (n - 1))]
        keycodes = [
            8 * place + bit
            for place, byte in enumerate(connection.display.query_keymap())
            for bit in range(8)
            if byte & (1 << bit)
        ]
        for button in buttons:
            _fake(connection, X.ButtonRelease, button)
        for keycode in keycodes:
            _fake(connection, X.KeyRelease, keycode)
        words = [f"{len(buttons)} mouse buttons"] * bool(buttons)
        return ", ".join(words + [f"{len(keycodes)} keys"] * bool(keycodes))


def _fake(connection: Connection, kind: int, detail: int) -> None:
    from Xlib.ext import xtest  # noqa: PLC0415 - an extra

    xtest.fake_input(connection.display, kind, detail)
