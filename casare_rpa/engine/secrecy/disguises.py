"""How a text may be written by programs that pass it on: escaped, quoted, encoded.

What escapes single letters is looked for by one regular expression, which covers what encoders
disagree on: which letters they escape, the case of digits, once or several times. What turns all of
it into something else (Base64, hexadecimal) is looked for letter by letter, which is faster.
"""

from __future__ import annotations

import re
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from html.entities import html5
from itertools import accumulate, groupby

Span = tuple[int, int]

#: What one letter takes in its longest form: four bytes as `\\\\\\\\xF0` each.
MOST_LETTERS = 40

_BACKSLASH = "\\"
_BACKSLASHES = r"\\{0,6}"
_LETTER_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
#: Between the bytes of a hexadecimal dump.
_HEX_BREAKS = ("", " ", ":", "-", "%", "\\x", "\\\\x", ",0x", ", 0x")
#: Of a text behind n other bytes, the first letter of its Base64 that those do not decide about.
_BASE64_STARTS = (0, 2, 3)
_LINE_BREAKS = re.compile(r"[\r\n]|\\\\{0,6}[rn]")


class Disguises:
    """Every form of a text that is looked for.

    Plain; JSON, Python and shell escapes, quotes of a shell, percent-encoding and XML entities,
    also mixed and up to three deep; Base64 at each of its three alignments, in either alphabet and
    broken into lines; hexadecimal digits, together, in bytes or in pairs.
    """

    __slots__ = ("_base64", "_dumps", "_readable", "most_letters")

    def __init__(self, text: str, *, encoded: bool = True) -> None:
        """Without *encoded* only the text as it is."""
        # A program may have put half a surrogate pair there.
        raw = text.encode("utf-8", "surrogatepass")
        self._readable = re.compile(_readable(text) if encoded else re.escape(text))
        shifts, breaks = (range(3), _HEX_BREAKS) if encoded else ((), ())
        self._base64 = tuple({form for shift in shifts for form in _base64(raw, shift)})
        pairs = _pairs(raw) if encoded else ()
        self._dumps = tuple({*(form for sign in breaks for form in _dumps(raw, sign)), *pairs})
        #: No form is longer.
        self.most_letters = MOST_LETTERS * len(text)

    def find(self, text: str, joined: Joined | None) -> Iterator[Span]:
        """Where forms stand in *text*, as (start, end); *joined* is the text with joined lines."""
        for match in self._readable.finditer(text):
            yield match.span()
        for form in self._dumps:
            if form in text:
                yield from _occurrences(form, text)
        for form in self._base64:
            if form in text:
                yield from _occurrences(form, text)
            elif joined is not None and form in joined.text:
                yield from map(joined.original, _occurrences(form, joined.text))


class Joined:
    """A text without its line breaks, those in escapes too; it knows where each letter was."""

    __slots__ = ("_places", "_removed", "text")

    def __init__(self, text: str, breaks: list[Span]) -> None:
        starts = [0, *(end for _, end in breaks)]
        ends = [*(start for start, _ in breaks), len(text)]
        self.text = "".join(text[a:b] for a, b in zip(starts, ends, strict=True))
        self._removed = list(accumulate((b - a for a, b in breaks), initial=0))
        self._places = [end - gone for end, gone in zip(ends, self._removed, strict=True)]

    def original(self, span: Span) -> Span:
        """The place in the whole text of what stands in the joined one at *span*."""
        return self._original(span[0]), self._original(span[1] - 1) + 1

    def _original(self, place: int) -> int:
        return place + self._removed[bisect_right(self._places, place)]


def joined(text: str) -> Joined | None:
    """*text* with its lines joined; None if there is but one."""
    if "\n" not in text and "\r" not in text and _BACKSLASH not in text:
        return None
    breaks = [match.span() for match in _LINE_BREAKS.finditer(text)]
    return Joined(text, breaks) if breaks else None


def _occurrences(form: str, text: str) -> Iterator[Span]:
    place = text.find(form)
    while place >= 0:
        yield place, place + len(form)
        place = text.find(form, place + 1)


def _readable(text: str) -> str:
    parts: list[str] = []
    for letter, run in groupby(text, lambda c: c == _BACKSLASH):
        found = "".join(run)
        parts += [_backslashes(len(found))] if letter else map(_letter, found)
    return "".join(parts)


def _backslashes(count: int) -> str:
    """A run of backslashes: each level of escaping doubles it."""
    ways = (f"(?:{way}){{{count}}}" for way in (*_numbered(_BACKSLASH), *_named(_BACKSLASH)))
    return f"(?:{'|'.join(ways)}|{_BACKSLASH * 2}{_BACKSLASH * 2}{{{count - 1},{8 * count - 1}}})"


@lru_cache(maxsize=1024)
def _letter(letter: str) -> str:
    """No encoder in use touches ASCII letters and digits."""
    if letter.isascii() and letter.isalnum():
        return letter
    # The longest first: `%25` is all of a percent sign, `%` its beginning.
    return f"(?:{'|'.join((*_numbered(letter), *_escaped(letter)))})"


def _escaped(letter: str) -> Iterator[str]:
    yield from _named(letter)
    match letter:
        case "\n":
            yield r"\r\n"
        case " ":
            yield r"\+"
        case "'":
            # The quoted text ends, a quote stands outside of it, and it begins again.
            yield r"""'(?:\\{1,7}'|\\{0,7}"'\\{0,7}")'"""
    if name := _LETTER_ESCAPES.get(letter):
        yield rf"\\{_BACKSLASHES}{name}"
    yield rf"\\{_BACKSLASHES}{re.escape(letter)}"
    yield re.escape(letter)


def _named(letter: str) -> Iterator[str]:
    if names := _entities().get(letter):
        yield f"&(?:amp;){{0,2}}(?:{'|'.join(names)});"


@lru_cache(maxsize=1)
def _entities() -> dict[str, list[str]]:
    """The names that HTML has for each letter."""
    found: dict[str, list[str]] = {}
    for name, text in html5.items():
        if name.endswith(";") and len(text) == 1:
            found.setdefault(text, []).append(name[:-1])
    return found


def _numbered(letter: str) -> Iterator[str]:
    """The forms that give the letter by number."""
    raw, code = letter.encode("utf-8", "surrogatepass"), ord(letter)
    yield "".join(f"%(?:25){{0,2}}{_digits(byte, 2)}" for byte in raw)
    units = letter.encode("utf-16-be", "surrogatepass")
    pairs = [int.from_bytes(units[i : i + 2]) for i in range(0, len(units), 2)]
    yield "".join(rf"\\{_BACKSLASHES}u{_digits(unit, 4)}" for unit in pairs)
    yield "".join(rf"\\{_BACKSLASHES}x{_digits(byte, 2)}" for byte in raw)
    yield "".join(rf"\\{_BACKSLASHES}{byte:03o}" for byte in raw)
    if code > 0xFFFF:
        yield rf"\\{_BACKSLASHES}U{_digits(code, 8)}"
    if 0x7F < code < 0x100:
        yield rf"\\{_BACKSLASHES}x{_digits(code, 2)}"
    yield f"&(?:amp;){{0,2}}#(?:0{{0,5}}{code}|[xX]0{{0,5}}{_digits(code, 1)});"


def _digits(number: int, least: int) -> str:
    """Hexadecimal digits in either case."""
    return _either_case(f"{number:0{least}x}")


def _either_case(digits: str) -> str:
    return "".join(d if d.isdecimal() else f"[{d}{d.upper()}]" for d in digits)


def _base64(raw: bytes, shift: int) -> Iterator[str]:
    """What does not depend on what surrounds *raw*, behind *shift* bytes of a group of three."""
    encoded = b64encode(bytes(shift) + raw).decode("ascii")
    certain = encoded[_BASE64_STARTS[shift] : 8 * (shift + len(raw)) // 6]
    yield certain
    yield certain.replace("+", "-").replace("/", "_")


def _dumps(raw: bytes, sign: str) -> Iterator[str]:
    digits = [f"{byte:02x}" for byte in raw]
    yield sign.join(digits)
    yield sign.join(digit.upper() for digit in digits)


def _pairs(raw: bytes) -> Iterator[str]:
    """Digits of two bytes together, as xxd writes them, from the first or the second of a pair."""
    digits = raw.hex()
    for first in (4, 2):
        groups = [digits[:first], *(digits[i : i + 4] for i in range(first, len(digits), 4))]
        yield " ".join(filter(None, groups))
        yield " ".join(filter(None, groups)).upper()
