"""One leader among the orchestrators on a database, by an advisory lock."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg

from casare_rpa.store.tables import LEADER_LOCK

log = logging.getLogger(__name__)

#: The server drops a leader that has not spoken for so long: stopped, swapped out, suspended.
_FROZEN_SECONDS = 15
_MINE = "SELECT pg_try_advisory_lock(%s, hashtext(current_schema()))"
_FREE = "SELECT pg_advisory_unlock(%s, hashtext(current_schema()))"


class LeaderLock:
    """Held by a session of its own: when that ends, however it does, the lock is free."""

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]]) -> None:
        self._connect = connect
        self._connection: psycopg.Connection[Any] | None = None
        self._lock = threading.Lock()
        self._held = False

    def hold(self) -> bool:
        """Take the lock if it is free, or make sure that it is still ours."""
        with self._lock:
            try:
                self._held = self._ask()
            except psycopg.Error as error:
                log.warning("cannot ask who leads: %s", " ".join(str(error).split()))
                self._drop()
            return self._held

    def close(self) -> None:
        """Free the lock before the answer; a session that only ends frees it a moment later."""
        with self._lock:
            if self._held and self._connection is not None:
                with suppress(psycopg.Error):
                    self._connection.execute(_FREE, [LEADER_LOCK])
            self._drop()

    def _ask(self) -> bool:
        if self._connection is None:
            self._connection = self._connect()
            self._end_when_frozen(self._connection)
        if self._held:
            self._connection.execute("SELECT 1")
            return True
        (free,) = self._connection.execute(_MINE, [LEADER_LOCK]).fetchone() or (False,)
        return bool(free)

    def _end_when_frozen(self, connection: psycopg.Connection[Any]) -> None:
        """A process that is stopped keeps its connection, and would lead for ever."""
        if connection.info.server_version >= 140000:
            connection.execute(f"SET idle_session_timeout = '{_FROZEN_SECONDS}s'")

    def _drop(self) -> None:
        self._held = False
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
        self._connection = None
