"""Secret values never leave a run: in messages and outputs they are `***`, however encoded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from casare_rpa.domain.json_values import MAX_DEPTH
from casare_rpa.engine.secrecy.disguises import Disguises, Span, joined

MASK = "***"
#: Shorter values are masked where they stand alone, not inside other text.
SHORTEST_INSIDE_TEXT = 4
#: Further values are masked as they are: a sensitive table is not to take a second a node.
MOST_ENCODED = 200


class Secrets:
    """The values that nobody is to see, as far as the run has seen them.

    They are those of sensitive variables, whose `names` are known, and those of stored secrets.
    """

    __slots__ = ("_exact", "_forms", "any", "most_letters", "names")

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        #: Whether there is anything to mask.
        self.any = False
        #: No form of a value inside text is longer.
        self.most_letters = 0
        self._exact: set[Any] = set()
        self._forms: dict[str, Disguises] = {}

    def learn(self, value: Any) -> None:
        """Mask *value*, or every scalar in it, from now on."""
        if isinstance(value, Mapping):
            for item in value.values():
                self.learn(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                self.learn(item)
        elif value is not None and value != "" and not isinstance(value, bool):
            self._learn_scalar(value)

    def _learn_scalar(self, value: Any) -> None:
        text = str(value)
        self.any = True
        self._exact.add(text)
        if isinstance(value, (int, float)):
            self._exact.add(value)
        elif len(text) >= SHORTEST_INSIDE_TEXT and (number := _number(text)) is not None:
            self._exact.add(number)
        lines = [line.strip() for line in text.splitlines()]
        # Where a line is too short to be known by itself, the whole has to be.
        if any(0 < len(line) < SHORTEST_INSIDE_TEXT for line in lines):
            self._learn_form(text)
        for line in lines:
            self._learn_form(line)

    def _learn_form(self, text: str) -> None:
        if len(text) >= SHORTEST_INSIDE_TEXT and text not in self._forms:
            form = Disguises(text, encoded=len(self._forms) < MOST_ENCODED)
            self._forms[text] = form
            self.most_letters = max(self.most_letters, form.most_letters)

    def text(self, text: str) -> str:
        """*text* without what must not be seen."""
        if not self.any:
            return text
        if text in self._exact:
            return MASK
        return masked(text, self.find(text))

    def find(self, text: str) -> list[Span]:
        """Where there is something to mask in *text*, as (start, end), in order and apart."""
        if len(text) < SHORTEST_INSIDE_TEXT:
            return []
        lines = joined(text)
        found = [span for form in tuple(self._forms.values()) for span in form.find(text, lines)]
        return _merged(sorted(found)) if found else found

    def value(self, value: Any, depth: int = MAX_DEPTH) -> Any:
        """*value* without what must not be seen; a scalar is itself if there is nothing to mask."""
        if not self.any:
            return value
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return MASK if value in self._exact else value
        if isinstance(value, (Mapping, list, tuple)):
            return self._items(value, depth - 1) if depth else f"<{type(value).__name__}>"
        return self._other(value)

    def _items(self, value: Any, depth: int) -> Any:
        if isinstance(value, Mapping):
            return {self._key(k): self.value(v, depth) for k, v in value.items()}
        return [self.value(item, depth) for item in value]

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key

    def _other(self, value: Any) -> Any:
        """What becomes text only when it is written down: it is judged by that text."""
        try:
            shown = _decoded(value) if isinstance(value, (bytes, bytearray)) else str(value)
        except Exception:  # a value's own __str__ may do anything, also when it is written down
            return value
        hidden = self.text(shown)
        return value if hidden == shown else hidden


def _number(text: str) -> int | float | None:
    """What a workflow may make of digits."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _decoded(value: bytes | bytearray) -> str:
    return bytes(value).decode("utf-8", "replace")


class StreamMask:
    """Masks a text that comes in pieces: what may be the beginning of a secret waits for more."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._held = ""

    def feed(self, piece: str) -> str:
        """What can be shown now that *piece* has come."""
        self._held += piece
        return self._take(len(self._held) - self._secrets.most_letters)

    def lines(self) -> str:
        """The whole lines among what waits, for when nothing more comes for a while."""
        return self._take(self._held.rfind("\n") + 1)

    def flush(self) -> str:
        """All that waits; nothing more comes."""
        return self._take(len(self._held))

    def _take(self, end: int) -> str:
        if end <= 0:
            return ""
        spans = self._secrets.find(self._held)
        # One that begins before the end and goes beyond it stays whole.
        end = next((a for a, b in spans if a < end < b), end)
        taken, self._held = self._held[:end], self._held[end:]
        return masked(taken, [span for span in spans if span[1] <= end])


def masked(text: str, spans: list[Span]) -> str:
    """*text* with each of *spans* replaced by the mask."""
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], MASK]
        at = end
    return "".join((*parts, text[at:]))


def _merged(spans: list[Span]) -> list[Span]:
    """*spans*, which are in order, with those that overlap made one."""
    found = [spans[0]]
    for start, end in spans[1:]:
        if start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
