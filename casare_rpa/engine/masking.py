"""Sensitive values never leave a run: in messages and outputs they are `***`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MASK = "***"
#: Shorter values are masked where they stand alone, not inside other text.
_SHORTEST_INSIDE_TEXT = 4


class Secrets:
    """The values of sensitive variables, as far as the run has seen them; `names` are theirs."""

    __slots__ = ("_exact", "_parts", "any", "names")

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        #: Whether there is anything to mask.
        self.any = False
        self._exact: set[Any] = set()
        self._parts: tuple[str, ...] = ()

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
        if len(text) >= _SHORTEST_INSIDE_TEXT and text not in self._parts:
            # The longest first, so that a value inside another leaves no rest of it.
            self._parts = tuple(sorted((*self._parts, text), key=len, reverse=True))

    def text(self, text: str) -> str:
        """*text* without what must not be seen."""
        if not self.any:
            return text
        if text in self._exact:
            return MASK
        for part in self._parts:
            text = text.replace(part, MASK)
        return text

    def value(self, value: Any) -> Any:
        """*value* without what must not be seen; itself if there is nothing to mask."""
        if not self.any:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._key(k): self.value(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return MASK if value in self._exact else value
        return value

    def _key(self, key: Any) -> Any:
        return self.text(key) if isinstance(key, str) else key
