"""A large sheet as bytes, of which only the rows that are touched become a tree.

The tree of a sheet takes twenty times its text. Where its rows cannot be told apart by their bytes
alone, nothing is cut and all of it becomes a tree.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_DATA = re.compile(rb"<((?:\w+:)?)sheetData\b[^>]*>")
_ROW = re.compile(rb"<((?:\w+:)?)row\b([^>]*?)(?:/>|>.*?</\1row>)", re.DOTALL)
_NUMBER = re.compile(rb"""(?:^|\s)r=["'](\d+)["']""")
_ENCODING = re.compile(rb"""^\s*<\?xml[^>]*?encoding=["']([\w-]+)["']""")
#: What may hold the letters of a row without being one.
_HIDING = (b"<!--", b"<![CDATA[", b"<?")


@dataclass(slots=True)
class Slices:
    """*small* is the sheet without its untouched rows; *runs* are those, by their first number."""

    small: bytes
    runs: list[tuple[int, bytes]] = field(default_factory=list)

    def joined(self, patched: bytes) -> bytes:
        """*patched*, which *small* has become, with the untouched rows in their places."""
        start, end = _inside(patched)
        pieces = [(number, patched[a:b]) for number, a, b in _rows(patched, start, end)]
        pieces += self.runs
        pieces.sort(key=lambda piece: piece[0])
        return b"".join([patched[:start], *(piece for _, piece in pieces), patched[end:]])


class NotToBeCut(Exception):
    """The rows of a sheet cannot be told apart."""


def cut(raw: bytes, touched: Sequence[int]) -> Slices:
    """Take all rows but *touched*, which is sorted, out of a sheet. Raises NotToBeCut."""
    encoding = _ENCODING.match(raw)
    if encoding is not None and encoding[1].lower() not in (b"utf-8", b"us-ascii"):
        raise NotToBeCut
    start, end = _inside(raw)
    if any(raw.find(hiding, start, end) >= 0 for hiding in _HIDING):
        raise NotToBeCut
    wanted = frozenset(touched)
    kept: list[bytes] = []
    #: First number, begin and end of each run, by how many touched rows come before it: new rows
    #: go between the old ones, so that a run must not reach over their place.
    runs: dict[int, tuple[int, int, int]] = {}
    for number, begin, stop in _rows(raw, start, end):
        if number in wanted:
            kept.append(raw[begin:stop])
        else:
            before = bisect_right(touched, number)
            first, at, _ = runs.get(before, (number, begin, stop))
            runs[before] = first, at, stop
    untouched = [(first, raw[begin:stop]) for first, begin, stop in runs.values()]
    return Slices(b"".join([raw[:start], *kept, raw[end:]]), untouched)


def _inside(raw: bytes) -> tuple[int, int]:
    """Where the rows of a sheet begin and end."""
    found = _DATA.search(raw)
    if found is None or found[0].endswith(b"/>"):
        raise NotToBeCut
    end = raw.rfind(b"</" + found[1] + b"sheetData>")
    if end < found.end():
        raise NotToBeCut
    return found.end(), end


def _rows(raw: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """The number of each row, and where it begins and ends."""
    last = 0
    for row in _ROW.finditer(raw, start, end):
        number = _NUMBER.search(row[2])
        if number is None or int(number[1]) <= last:
            raise NotToBeCut
        last = int(number[1])
        yield last, row.start(), row.end()
