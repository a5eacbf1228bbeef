"""How many sockets are open, and whose: none may keep the others out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from casare_rpa.errors import TooManySockets

#: Holds the sockets of those who have not said yet who they are.
NOBODY = ""


class OpenSockets:
    """At most *most*, half of them with one key, and half of them with none yet."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._most_of_one = max(1, most // 2)
        self._held: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._held.total()

    @contextmanager
    def one(self, key_id: str) -> Iterator[None]:
        """Hold one with that key while the block runs. Raises TooManySockets."""
        if len(self) >= self._most:
            raise TooManySockets("too many sockets are open")
        if self._held[key_id] >= self._most_of_one:
            whose = "with this key" if key_id else "of which nobody has said whose they are"
            raise TooManySockets(f"too many sockets are open {whose}")
        self._held[key_id] += 1
        try:
            yield
        finally:
            self._held[key_id] -= 1
            if not self._held[key_id]:
                del self._held[key_id]
