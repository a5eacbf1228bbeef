"""From a JSON pointer to the line of the text it points at."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

# The text has been parsed before, so the scan need not tell a wrong token from a right one.
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)", re.DOTALL)
_SHORT_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def pointer(parent: str, *steps: str | int) -> str:
    """*parent* extended by keys and indexes, escaped as RFC 6901 asks."""
    for step in steps:
        text = str(step)
        if "~" in text or "/" in text:
            text = text.replace("~", "~0").replace("/", "~1")
        parent = f"{parent}/{text}"
    return parent


@dataclass(slots=True)
class _Container:
    path: str
    is_object: bool
    next_index: int = 0
    key: str | None = None
    key_offset: int = 0
    seen: set[str] = field(default_factory=set)


class Positions:
    """Where the values of a JSON text stand. The text must be valid JSON.

    A member of an object stands where its key stands. `duplicates` are the keys that an
    object has more than once: the object's pointer, the key and the line of the repetition.
    """

    def __init__(self, text: str) -> None:
        self.duplicates: list[tuple[str, str, int]] = []
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self._offsets: dict[str, int] = {"": len(text) - len(text.lstrip())}
        self._scan(text)

    def line(self, place: str) -> int:
        """The line of the value at pointer *place*, or of the nearest value around it."""
        return self._line_at(self._offset(place))

    def line_and_column(self, place: str) -> tuple[int, int]:
        """As `line`, with the column, both counted from 1."""
        offset = self._offset(place)
        line = self._line_at(offset)
        return line, offset - self._line_starts[line - 1] + 1

    def _offset(self, place: str) -> int:
        while place and place not in self._offsets:
            place = place.rpartition("/")[0]
        return self._offsets[place]

    def _line_at(self, offset: int) -> int:
        return bisect_right(self._line_starts, offset)

    def _scan(self, text: str) -> None:
        open_: list[_Container] = []
        for token in _TOKEN.finditer(text):
            start = token.start()
            first = text[start]
            if first == "," or first == ":":
                continue
            if first == "}" or first == "]":
                if open_:
                    open_.pop()
                continue
            within = open_[-1] if open_ else None
            if within is not None and within.is_object and within.key is None:
                self._take_key(within, _unquote(token.group()), start)
                continue
            path = "" if within is None else self._take_value(within, start)
            if first == "{" or first == "[":
                open_.append(_Container(path, first == "{"))

    def _take_key(self, within: _Container, key: str, offset: int) -> None:
        if key in within.seen:
            self.duplicates.append((within.path, key, self._line_at(offset)))
        within.seen.add(key)
        within.key, within.key_offset = key, offset

    def _take_value(self, within: _Container, offset: int) -> str:
        if within.is_object:
            assert within.key is not None
            path, offset = pointer(within.path, within.key), within.key_offset
            within.key = None
        else:
            path = f"{within.path}/{within.next_index}"
            within.next_index += 1
        self._offsets[path] = offset
        return path


def line_of_depth(text: str, depth: int) -> int | None:
    """The line where *text* first nests deeper than *depth*, or None."""
    open_ = 0
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        open_ += (first in "{[") - (first in "}]")
        if open_ > depth:
            return text.count("\n", 0, token.start()) + 1
    return None


def line_of_word(text: str, word: str) -> int | None:
    """The line of the first bare *word*, one outside strings, or None."""
    for token in _TOKEN.finditer(text):
        if token.group() == word:
            return text.count("\n", 0, token.start()) + 1
    return None


def _unquote(token: str) -> str:
    body = token[1:-1]
    return body if "\\" not in body else _unescape(body)


def _unescape(body: str) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return _SHORT_ESCAPES.get(found[2], found[2])

    text = _ESCAPE.sub(replace, body)
    # Two escaped halves of a surrogate pair are one character.
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
