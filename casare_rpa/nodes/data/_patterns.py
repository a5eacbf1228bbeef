"""A workflow's regular expressions, run with limits: Python's own `re` has none.

A pattern means what it means to `re`. It must compile there first; then what only the library
`regex` reads otherwise (`{e}` as "nearly", `[[:alpha:]]` as a class) is escaped. One difference
stays: to `regex` the marks of a letter belong to the word that the letter is in (`\\w`, `\\b`).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from casare_rpa.domain.codes import ErrorCode
from casare_rpa.nodes.base import NodeError

#: Processor time for one search through one text.
MAX_SECONDS = 5.0
MAX_MATCHES = 1_000_000
#: Characters that all replacements in one text may make.
MAX_MADE = 100_000_000
#: `regex` writes out what must be there several times: `(a{1000}){1000}` as a million.
MAX_REPEATS = 50_000

_TOKEN = re.compile(
    r"\\N\{[^}]*\}|\\.|\(\?#[^)]*\)|\((?:\?(?:P?<\w+>|[a-zA-Z-]*:|[=!>]|<[=!]))?"
    r"|\[\^?\]?(?:\\.|[^\]\\])*\]|\{(\d*)(,?)\d*\}|.",
    re.DOTALL,
)
_TOKEN_OR_REMARK = re.compile(rf"#[^\n]*|{_TOKEN.pattern}", re.DOTALL)
_INNER_BRACKET = re.compile(r"\\.|\[", re.DOTALL)


class Regex:
    """A compiled pattern. Its methods raise NodeError with TIMEOUT when they take too long."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled

    def match(self, text: str) -> Any:
        with _in_time():
            return self._compiled.match(text, timeout=MAX_SECONDS)

    def search(self, text: str) -> Any:
        with _in_time():
            return self._compiled.search(text, timeout=MAX_SECONDS)

    def finditer(self, text: str) -> Iterator[Any]:
        """The matches, left to right; NodeError for more than a million."""
        with _in_time():
            found = self._compiled.finditer(text, timeout=MAX_SECONDS)
            for number, match in enumerate(found):
                if number == MAX_MATCHES:
                    raise NodeError(
                        f"the pattern matches more than {MAX_MATCHES} times",
                        ErrorCode.RESOURCE_EXHAUSTED,
                    )
                yield match

    def subn(self, replacement: str, text: str, count: int = 0) -> tuple[str, int]:
        """The new text and the number of replacements. NodeError for a bad *replacement*."""
        import regex  # noqa: PLC0415 - only runs with patterns pay for it

        # What cannot become too long is left to the library, which is faster.
        is_bounded = "\\" not in replacement and len(replacement) * (len(text) + 1) <= MAX_MADE
        new = replacement if is_bounded else _Bounded(replacement)
        try:
            with _in_time():
                made: tuple[str, int] = self._compiled.subn(
                    new, text, count=count, timeout=MAX_SECONDS
                )
            return made
        except (regex.error, IndexError) as error:
            raise NodeError(f"replacement: {error}", ErrorCode.INVALID_FORMAT) from error


class _Bounded:
    """Makes the text for each match; NodeError once all of it is too long."""

    def __init__(self, replacement: str) -> None:
        self._replacement = replacement
        self._made = 0

    def __call__(self, match: Any) -> str:
        new: str = match.expand(self._replacement)
        self._made += len(new)
        if self._made > MAX_MADE:
            raise NodeError(
                f"the replacements make more than {MAX_MADE} characters",
                ErrorCode.RESOURCE_EXHAUSTED,
            )
        return new


@lru_cache(maxsize=256)
def compiled(pattern: str, flags: re.RegexFlag) -> Regex:
    """The *pattern*, from a cache. Raises NodeError if `re` refuses it or if it is too big."""
    import regex  # noqa: PLC0415 - only runs with patterns pay for it

    try:
        with warnings.catch_warnings():
            # `[[` may mean something else in a later Python: nothing that a workflow can mend.
            warnings.simplefilter("ignore", FutureWarning)
            known = re.compile(pattern, flags)
        text = _for_regex(pattern, verbose=bool(known.flags & re.VERBOSE))
        return Regex(regex.compile(text, int(flags) | regex.VERSION0))
    except (re.error, regex.error, RecursionError, OverflowError) as error:
        raise NodeError(f"pattern: {error}", ErrorCode.INVALID_FORMAT) from error


@contextmanager
def _in_time() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise NodeError(
            f"the pattern takes longer than {MAX_SECONDS:g} s on this text",
            ErrorCode.TIMEOUT,
            hint="nested repeats such as (a+)+ try every way to divide the text",
        ) from None


def _for_regex(pattern: str, *, verbose: bool) -> str:
    """*pattern* with what only `regex` knows escaped; NodeError if it repeats too much."""
    pieces: list[str] = []
    size = _Size()
    for found in (_TOKEN_OR_REMARK if verbose else _TOKEN).finditer(pattern):
        piece = found[0]
        if piece[0] == "[" and len(piece) > 1:
            piece = f"[{_INNER_BRACKET.sub(_escaped, piece[1:])}"
        elif piece in ("{", "{}"):
            piece = f"\\{piece}"
        elif piece[0] == "{":
            size.repeat(int(found[1] or 0) if found[1] or found[2] else 1)
            pieces.append(piece)
            continue
        size.add(piece)
        pieces.append(piece)
    return "".join(pieces)


def _escaped(found: re.Match[str]) -> str:
    return "\\[" if found[0] == "[" else found[0]


class _Size:
    """How long a pattern is with its repeats written out."""

    def __init__(self) -> None:
        #: For each open group what is in it, and the last item of that.
        self._open = [(0, 0)]

    def add(self, piece: str) -> None:
        if piece.startswith("(?#"):
            return
        if piece[0] == "(":
            self._open.append((0, 0))
        elif piece == ")" and len(self._open) > 1:
            self._item(self._open.pop()[0])
        elif piece not in ("?", "*", "+"):
            self._item(1)

    def repeat(self, least: int) -> None:
        total, last = self._open[-1]
        more = last * (max(least, 1) - 1)
        self._open[-1] = (total + more, last + more)
        if total + more > MAX_REPEATS:
            raise NodeError(
                f"pattern: it repeats something more than {MAX_REPEATS} times",
                ErrorCode.VALUE_OUT_OF_RANGE,
            )

    def _item(self, size: int) -> None:
        self._open[-1] = (self._open[-1][0] + size, size)
