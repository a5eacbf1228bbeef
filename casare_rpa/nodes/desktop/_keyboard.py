"""The keyboard of a display: which key gives a character, and giving spare keys new ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError
from casare_rpa.nodes.desktop._connection import Connection
from casare_rpa.nodes.desktop._held import Held
from casare_rpa.nodes.desktop._keys import CAPS_LOCK, MODIFIER_KEYSYMS, Stroke

_SHIFT: Final = MODIFIER_KEYSYMS["shift"]
#: Where a core keyboard state has the number of the layout in use.
_LAYOUT_SHIFT: Final = 13
_UNICODE: Final = 0x01000000


class Keyboard:
    """The table of the keys, as it is now: keycodes with what they give, plain and with Shift."""

    def __init__(self, connection: Connection, held: Held) -> None:
        self._connection = connection
        self._held = held
        info = connection.display.display.info
        self._first = info.min_keycode
        self._rows = [
            list(row)
            for row in connection.display.get_keyboard_mapping(
                self._first, info.max_keycode - self._first + 1
            )
        ]
        layout = (connection.root.query_pointer().mask >> _LAYOUT_SHIFT) & 3
        self._found = self._by_keysym(2 * layout)

    def prepare(self, strokes: Sequence[Stroke]) -> int:
        """How many of the first *strokes* can be typed now; what they lack goes to spare keys."""
        spare = [self._first + place for place, row in enumerate(self._rows) if _is_spare(row)]
        spare = [keycode for keycode in spare if keycode not in self._held.rows]
        for place, stroke in enumerate(strokes):
            if stroke.keysym in self._found:
                continue
            if not spare:
                return place
            self._give(stroke.keysym, spare.pop())
        return len(strokes)

    def take_back(self) -> None:
        """Make the keys spare again that were given characters. Raises NodeError if none were."""
        if not self._held.rows:
            raise NodeError(
                "the keyboard of this display lacks a character and has no spare key for it",
                ErrorCode.KEYBOARD_INPUT_FAILED,
                hint="give the display another layout: setxkbmap us",
            )
        self._held.restore(self._connection)

    def _give(self, keysym: int, keycode: int) -> None:
        """Let a spare key give *keysym*, whatever modifiers and layouts, until the run ends."""
        row = self._rows[keycode - self._first]
        self._held.rows[keycode] = [0] * len(row)
        self._connection.display.change_keyboard_mapping(keycode, [[keysym] * len(row)])
        self._found[keysym] = (keycode, False)

    def press(self, stroke: Stroke) -> None:
        """Press and release the key of *stroke* with its modifiers."""
        keycode, shifted = self._found[stroke.keysym]
        names = stroke.modifiers
        if shifted and "shift" not in names:
            names = (*names, "shift")
        modifiers = [self._modifier(name) for name in names]
        with self._held.keys(self._connection, [*modifiers, keycode]):
            pass

    @contextmanager
    def modifiers(self, names: Sequence[str]) -> Iterator[None]:
        """Hold modifiers down while the block runs, which must not take long."""
        with self._held.keys(self._connection, [self._modifier(name) for name in names]):
            yield

    def switch_caps_lock_off(self) -> bool:
        """Whether it was on."""
        from Xlib import X  # noqa: PLC0415 - an extra

        is_on = bool(self._connection.root.query_pointer().mask & X.LockMask)
        if is_on:
            self.switch_caps_lock()
        return is_on

    def switch_caps_lock(self) -> None:
        if CAPS_LOCK in self._found:
            self.press(Stroke(CAPS_LOCK))

    def _modifier(self, name: str) -> int:
        found = self._found.get(MODIFIER_KEYSYMS[name])
        if found is None:
            raise NodeError(
                f"the keyboard of this display has no key for {name}",
                ErrorCode.KEYBOARD_INPUT_FAILED,
                hint="give the display a layout with it: setxkbmap us",
            )
        return found[0]

    def _by_keysym(self, column: int) -> dict[int, tuple[int, bool]]:
        """Keycode and whether Shift is needed, by keysym, in one layout; plain keys come first."""
        found: dict[int, tuple[int, bool]] = {}
        for shifted in (False, True):
            for place, row in enumerate(self._rows):
                at = column + shifted
                keysym = row[at] if at < len(row) else 0
                if keysym:
                    found.setdefault(keysym, (self._first + place, shifted))
        # Modifiers and keys such as Enter stand in the first layout alone, and work in each.
        for place, row in enumerate(self._rows):
            if row[0] >= 0xFE00:
                found.setdefault(row[0], (self._first + place, False))
        if _SHIFT not in found:
            found = {keysym: at for keysym, at in found.items() if not at[1]}
        return found


def _is_spare(row: Sequence[int]) -> bool:
    """Whether a key gives nothing, or only what a run that was killed had given it."""
    return not any(row) or (len(row) > 1 and len(set(row)) == 1 and row[0] >= _UNICODE)
