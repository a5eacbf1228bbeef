"""In the job's process: collects events and sends them to the agent in frames."""

from __future__ import annotations

import threading

from agent.job.frames import ACTED, EVENTS, MOST_BYTES, MOST_EVENTS, pack_events
from agent.job.life import Connection

#: How long the first event of a frame waits for others.
COLLECT_SECONDS = 0.005
#: Unsent events beyond this hold up whoever publishes: the agent cannot follow.
HIGH_WATER_BYTES = 4 << 20


class Outbox:
    """Events go in from any thread, in order; one thread sends them."""

    def __init__(self, talk: Connection) -> None:
        self._talk = talk
        self._events: list[bytes] = []
        self._asked: list[bytes] = []
        self._bytes = 0
        self._acted = False
        self._closing = False
        self._broken = False
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._send_until_closed, name="outbox", daemon=True)
        self._thread.start()

    def add(self, event: bytes, *, acted: bool = False) -> None:
        """Take one envelope as JSON. Waits while too much is unsent.

        *acted*: it is the end of a node that acts on the outside world, to be on disk at once.
        """
        with self._changed:
            while self._bytes > HIGH_WATER_BYTES and not self._broken:
                self._changed.wait()
            self._events.append(event)
            self._bytes += len(event)
            self._acted |= acted
            if len(self._events) == 1:
                self._changed.notify_all()

    def send(self, frame: bytes) -> None:
        """Send *frame* after the events that are here already."""
        with self._changed:
            self._asked.append(frame)
            self._changed.notify_all()

    def close(self) -> None:
        """Returns when everything is sent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._hurry.set()
        self._thread.join()

    def _send_until_closed(self) -> None:
        while (taken := self._take()) is not None:
            try:
                for frame in taken:
                    self._talk.send_bytes(frame)
            except OSError:
                self._give_up()
                return

    def _take(self) -> list[bytes] | None:
        """All that is collected, in frames; None when closed and empty."""
        with self._changed:
            while not self._events and not self._asked and not self._closing:
                self._changed.wait()
        self._hurry.wait(COLLECT_SECONDS)
        with self._changed:
            events, self._events, self._bytes = self._events, [], 0
            asked, self._asked = self._asked, []
            kind, self._acted = ACTED if self._acted else EVENTS, False
            self._changed.notify_all()
        frames = _frames(events, kind) + asked
        return frames or None

    def _give_up(self) -> None:
        # The agent is gone; the guard ends this process in a moment.
        with self._changed:
            self._broken = True
            self._changed.notify_all()


def _frames(events: list[bytes], kind: bytes) -> list[bytes]:
    frames: list[bytes] = []
    batch: list[bytes] = []
    size = 0
    for event in events:
        if batch and (len(batch) >= MOST_EVENTS or size + len(event) > MOST_BYTES):
            frames.append(pack_events(batch, kind))
            batch, size = [], 0
        batch.append(event)
        size += len(event) + 1
    if batch:
        frames.append(pack_events(batch, kind))
    return frames
