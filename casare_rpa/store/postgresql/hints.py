"""Changes travel between orchestrators by LISTEN and NOTIFY.

They are hints: whoever waits looks by itself every few seconds, so a lost one costs time only.
One thread sends, after the COMMIT and not within it: a NOTIFY takes a lock of the whole server
until its transaction ends, which would put all writers in a line. What gathers while one is
on its way goes out together.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import orjson
import psycopg

from casare_rpa.store.records import Change

log = logging.getLogger(__name__)

Connect = Callable[[], psycopg.Connection[Any]]
_CHANNEL = "SELECT 'casare_' || md5(current_schema())"
#: PostgreSQL takes less than 8000 bytes.
_PAYLOAD_BYTES = 7000
#: More than this is not told one by one.
_MOST_PENDING = 2000
_REST_SECONDS = 0.005
_STOP_WITHIN_SECONDS = 0.5
_RETRY_SECONDS = (0.1, 5.0)
#: Changes that somebody in another process may wait for.
_TOLD = frozenset({"events", "queue", "cancel", "lease", "robot", "key", "schedule", "any"})

#: Hints were missed: everything may have changed.
ANYTHING = Change(kind="any")


class Hints:
    """Tells the other orchestrators, and hears from them.

    *on_change* is called on a thread of this object with what others did, never with what was
    `tell`-ed here.
    """

    def __init__(self, connect: Connect, on_change: Callable[[Sequence[Change]], None]) -> None:
        self._connect = connect
        self._on_change = on_change
        self._me = secrets.token_hex(8)
        self._pending: dict[tuple[str | None, ...], Change] = {}
        self._wanted = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._stay, args=(work,), name=name, daemon=True)
            for name, work in (("hints-out", self._send), ("hints-in", self._hear))
        ]
        for thread in self._threads:
            thread.start()

    def tell(self, changes: Sequence[Change]) -> None:
        """Send *changes* soon; never waits."""
        with self._wanted:
            for change in changes:
                if change.kind in _TOLD:
                    self._pending[_topic(change)] = change
            if len(self._pending) > _MOST_PENDING:
                self._pending = {_topic(ANYTHING): ANYTHING}
            self._wanted.notify()

    def close(self) -> None:
        """Send what is left if that goes quickly, then stop."""
        self._stopping.set()
        with self._wanted:
            self._wanted.notify()
        self._threads[0].join(5)
        self._threads[1].join(5)

    def _stay(self, work: Callable[[psycopg.Connection[Any]], None]) -> None:
        """Do *work* on a connection, and on a new one whenever that breaks."""
        wait, longest = _RETRY_SECONDS
        while not self._stopping.is_set():
            try:
                with closing(self._connect()) as connection:
                    wait = _RETRY_SECONDS[0]
                    work(connection)
            except psycopg.Error as error:
                log.debug("hints between orchestrators are interrupted: %s", error)
                self._stopping.wait(random.uniform(wait / 2, wait))
                wait = min(2 * wait, longest)

    def _send(self, connection: psycopg.Connection[Any]) -> None:
        channel = _channel(connection)
        # The lock that a NOTIFY takes is held until its COMMIT: it must not wait for the disk.
        connection.execute("SET synchronous_commit = off")
        while changes := self._gathered():
            payloads = list(_payloads(self._me, changes))
            try:
                connection.execute(
                    "SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload",
                    [channel, payloads],
                )
            except psycopg.Error:
                self.tell([ANYTHING])  # once there is a connection again
                raise
            self._stopping.wait(_REST_SECONDS)

    def _gathered(self) -> list[Change]:
        """What is to be sent, at least one; nothing at the end."""
        with self._wanted:
            while not self._pending and not self._stopping.is_set():
                self._wanted.wait()
            changes, self._pending = list(self._pending.values()), {}
        return changes

    def _hear(self, connection: psycopg.Connection[Any]) -> None:
        channel = _channel(connection)
        connection.execute(f'LISTEN "{channel}"')
        # Before this moment something may have been missed.
        self._on_change([ANYTHING])
        while not self._stopping.is_set():
            for heard in connection.notifies(timeout=_STOP_WITHIN_SECONDS):
                self._take(heard.payload)

    def _take(self, payload: str) -> None:
        try:
            sender, *told = orjson.loads(payload)
            changes = [Change(**item) for item in told]
        except (ValueError, TypeError):
            changes, sender = [ANYTHING], ""  # a newer program's words
        if sender != self._me:
            self._on_change(changes)


def _topic(change: Change) -> tuple[str | None, ...]:
    """Of two changes with the same topic only the later one need be told."""
    job_id = None if change.kind == "queue" else change.job_id
    return change.kind, job_id, change.robot_id, change.key_id


def _payloads(sender: str, changes: Sequence[Change]) -> Iterator[str]:
    """JSON texts of [sender, change, ...], each short enough."""
    told: list[str] = []
    length = 0
    for change in changes:
        text = orjson.dumps({name: value for name, value in asdict(change).items() if value})
        if told and length + len(text) > _PAYLOAD_BYTES:
            yield _payload(sender, told)
            told, length = [], 0
        told.append(text.decode())
        length += len(text) + 1
    if told:
        yield _payload(sender, told)


def _payload(sender: str, told: Sequence[str]) -> str:
    return f'["{sender}",{",".join(told)}]'


def _channel(connection: psycopg.Connection[Any]) -> str:
    """One for each schema: several installations may share a database."""
    (name,) = connection.execute(_CHANNEL).fetchone() or ("",)
    return str(name)
