"""Dates and times as a form writes them: `yyyy-MM-dd HH:mm:ss`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

_TOKENS: Final[Mapping[str, Callable[[datetime], str]]] = {
    "yyyy": lambda at: f"{at.year:04}",
    "yy": lambda at: f"{at.year % 100:02}",
    "MMMM": lambda at: f"{at:%B}",
    "MMM": lambda at: f"{at:%b}",
    "MM": lambda at: f"{at.month:02}",
    "M": lambda at: str(at.month),
    "dddd": lambda at: f"{at:%A}",
    "ddd": lambda at: f"{at:%a}",
    "dd": lambda at: f"{at.day:02}",
    "d": lambda at: str(at.day),
    "HH": lambda at: f"{at.hour:02}",
    "H": lambda at: str(at.hour),
    "hh": lambda at: f"{at.hour:02}",
    "h": lambda at: str(at.hour),
    "mm": lambda at: f"{at.minute:02}",
    "m": lambda at: str(at.minute),
    "ss": lambda at: f"{at.second:02}",
    "s": lambda at: str(at.second),
    "zzz": lambda at: f"{at.microsecond // 1000:03}",
    "AP": lambda at: "AM" if at.hour < 12 else "PM",
    "ap": lambda at: "am" if at.hour < 12 else "pm",
}
_PIECE = re.compile(f"'((?:[^']|'')*)'|{'|'.join(_TOKENS)}", re.DOTALL)


def written(at: datetime, form: str) -> str:
    """*at* as *form* says; what stands between single quotes is no form,
    and two of them are one that is written.

    With `AP` or `ap` in it, `h` and `hh` count to twelve.
    """
    halves = any(piece[0] in ("AP", "ap") for piece in _PIECE.finditer(form))

    def piece(found: re.Match[str]) -> str:
        word = found[0]
        if word.startswith("'"):
            return found[1].replace("''", "'") or "'"
        if halves and word in ("h", "hh"):
            hour = at.hour % 12 or 12
            return f"{hour:02}" if word == "hh" else str(hour)
        return _TOKENS[word](at)

    return _PIECE.sub(piece, form)
