"""What workflows call keys, and the sequences that they write of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import Fragments, NodeError
from casare_rpa.nodes.values.reading import as_text

#: Modifiers, by the names that files use, and the names that keyboards have for them.
_MODIFIERS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("ctrl", "control", "lctrl", "rctrl", "lcontrol", "rcontrol"), "ctrl"),
    **dict.fromkeys(("alt", "lalt", "menu", "lmenu", "option"), "alt"),
    **dict.fromkeys(("shift", "lshift", "rshift"), "shift"),
    **dict.fromkeys(("win", "lwin", "rwin", "windows", "super", "cmd", "meta"), "win"),
    **dict.fromkeys(("altgr", "ralt", "rmenu"), "altgr"),
}
#: Keysyms of the X protocol, /usr/include/X11/keysymdef.h.
MODIFIER_KEYSYMS: Final[Mapping[str, int]] = {
    "ctrl": 0xFFE3,
    "alt": 0xFFE9,
    "shift": 0xFFE1,
    "win": 0xFFEB,
    "altgr": 0xFE03,
}
CAPS_LOCK: Final = 0xFFE5
_NAMED: Final[Mapping[str, int]] = {
    **dict.fromkeys(("enter", "return"), 0xFF0D),
    "tab": 0xFF09,
    **dict.fromkeys(("escape", "esc"), 0xFF1B),
    **dict.fromkeys(("backspace", "back", "bs", "bksp"), 0xFF08),
    **dict.fromkeys(("delete", "del"), 0xFFFF),
    **dict.fromkeys(("insert", "ins"), 0xFF63),
    "home": 0xFF50,
    "end": 0xFF57,
    **dict.fromkeys(("pageup", "pgup", "prior"), 0xFF55),
    **dict.fromkeys(("pagedown", "pgdn", "pgdown", "next"), 0xFF56),
    "left": 0xFF51,
    "up": 0xFF52,
    "right": 0xFF53,
    "down": 0xFF54,
    **{f"f{number}": 0xFFBD + number for number in range(1, 25)},
    **dict.fromkeys(("space", "spacebar"), 0x20),
    "plus": 0x2B,
    **dict.fromkeys(("printscreen", "prtsc", "snapshot"), 0xFF61),
    **dict.fromkeys(("pause", "break"), 0xFF13),
    **dict.fromkeys(("capslock", "capital"), CAPS_LOCK),
    "numlock": 0xFF7F,
    **dict.fromkeys(("scrolllock", "scroll"), 0xFF14),
    **dict.fromkeys(("apps", "contextmenu"), 0xFF67),
    **{f"numpad{digit}": 0xFFB0 + digit for digit in range(10)},
    "multiply": 0xFFAA,
    "add": 0xFFAB,
    "subtract": 0xFFAD,
    "decimal": 0xFFAE,
    "divide": 0xFFAF,
}
_UNICODE: Final = 0x01000000
_MOST_REPEATS: Final = 1000
_MOST_KEYS: Final = 100_000
#: `{Enter}`, `{Tab 3}`, `{Ctrl+S}`, `{{}`, `{}}`.
_BRACES = re.compile(r"\{(?:\}|[^}]+)\}")
_REPEATED = re.compile(r"(.+?)\s+(\d{1,6})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stroke:
    """A key that is pressed and released while its modifiers are held."""

    keysym: int
    modifiers: tuple[str, ...] = ()

    def with_also(self, modifiers: tuple[str, ...]) -> Stroke:
        """The same with more modifiers held; a letter is then the key, whatever its case."""
        if not modifiers:
            return self
        together = tuple(dict.fromkeys((*modifiers, *self.modifiers)))
        return Stroke(_as_key(self.keysym, together), together)


def sequence(keys: object) -> list[Stroke]:
    """The strokes of what a workflow wrote. Raises NodeError for braces that name no key.

    What placeholders in a longer text stand for is text, whatever braces it has.
    """
    if isinstance(keys, Fragments):
        found = [stroke for piece in _pieces(keys) for stroke in piece]
    else:
        found = list(_written(as_text(keys)))
    if len(found) > _MOST_KEYS:
        raise NodeError(
            f"keys: {len(found)} are more than the {_MOST_KEYS} that one node types",
            ErrorCode.VALUE_OUT_OF_RANGE,
        )
    return found


def chord(text: str) -> Stroke:
    """The stroke that `Ctrl+Shift+S` means. Raises NodeError for a name that no key has."""
    *before, last = _parts(text)
    modifiers = tuple(_modifier(name, text) for name in before)
    if last.lower() in _MODIFIERS and len(last) > 1:
        return Stroke(MODIFIER_KEYSYMS[_MODIFIERS[last.lower()]], modifiers)
    return Stroke(_as_key(_key(last, text), modifiers), modifiers)


def letter(character: str) -> int:
    """The keysym of a character. Raises NodeError for one that no key can type."""
    code = ord(character)
    if character in "\n\r":
        return _NAMED["enter"]
    if character == "\t":
        return _NAMED["tab"]
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
        raise NodeError(
            f"keys: the character U+{code:04X} is none that can be typed", ErrorCode.INVALID_INPUT
        )
    return code if code < 0x100 else _UNICODE | code


def as_written(text: str) -> Iterator[Stroke]:
    """The strokes that type a text as it is."""
    for character in text.replace("\r\n", "\n"):
        yield Stroke(letter(character))


def _as_key(keysym: int, modifiers: tuple[str, ...]) -> int:
    """The key of a letter: Ctrl+A is no Ctrl+Shift+A."""
    is_capital = ord("A") <= keysym <= ord("Z")
    return keysym + 0x20 if is_capital and set(modifiers) - {"shift"} else keysym


def _pieces(keys: Fragments) -> Iterator[Iterator[Stroke]]:
    for number, text in enumerate(keys.texts):
        yield _written(text)
        if number < len(keys.values):
            yield as_written(as_text(keys.values[number]))


def _written(text: str) -> Iterator[Stroke]:
    """Strokes of a text in which braces name keys."""
    held: tuple[str, ...] = ()
    in_group = False
    for piece in _pieces_of(text.replace("\r\n", "\n")):
        name = _MODIFIERS.get(piece[1:-1].strip().lower()) if len(piece) > 2 else None
        if piece == "(" and held and not in_group:
            in_group = True
            continue
        if piece == ")" and in_group:
            held, in_group = (), False
            continue
        if name is not None and not in_group:
            held = (*held, name)
            continue
        strokes = _named(piece[1:-1]) if len(piece) > 1 else [Stroke(letter(piece))]
        for stroke in strokes:
            yield stroke.with_also(held)
        if not in_group:
            held = ()
    if held and not in_group:  # `{Win}` and nothing behind it: the key itself.
        yield Stroke(MODIFIER_KEYSYMS[held[-1]], held[:-1])


def _pieces_of(text: str) -> Iterator[str]:
    """Single characters, and what stands in braces with them. Raises NodeError for open ones."""
    place = 0
    while place < len(text):
        found = _BRACES.match(text, place) if text[place] == "{" else None
        if text[place] == "{" and found is None:
            raise _unknown(text[place : place + 20])
        piece = found[0] if found else text[place]
        yield piece
        place += len(piece)


def _named(inside: str) -> Iterator[Stroke]:
    """The strokes that braces mean which hold *inside*."""
    count = 1
    if repeated := _REPEATED.fullmatch(inside):
        inside, count = repeated[1], int(repeated[2])
        if count > _MOST_REPEATS:
            raise NodeError(
                f"keys: {{{inside} {count}}} repeats more than {_MOST_REPEATS} times",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )
    stroke = Stroke(letter(inside)) if len(inside) == 1 else chord(inside)
    for _ in range(count):
        yield stroke


def _parts(text: str) -> list[str]:
    """The names in `Ctrl+Shift+S`; the last may be the plus itself (`Ctrl++`)."""
    text = text.strip()
    if text == "+":
        return ["+"]
    if text.endswith("++"):
        return [*(part.strip() for part in text[:-2].split("+")), "+"]
    return [part.strip() for part in text.split("+")]


def _modifier(name: str, text: str) -> str:
    found = _MODIFIERS.get(name.lower())
    if found is None:
        raise NodeError(
            f"{text!r:.80}: {name!r:.40} is no modifier; there are Ctrl, Alt, Shift, Win, AltGr",
            ErrorCode.INVALID_INPUT,
        )
    return found


def _key(name: str, text: str) -> int:
    found = _NAMED.get(name.lower().replace("_", "").replace(" ", ""))
    if found is not None:
        return found
    if len(name) == 1:
        return letter(name)
    raise _unknown(text)


def _unknown(text: str) -> NodeError:
    return NodeError(
        f"no key is called {text!r:.60}",
        ErrorCode.INVALID_INPUT,
        hint="{Enter}, {Tab 3}, {F5}, {Ctrl+S}; a brace itself is written {{} or {}}",
    )
