"""Listens for hints over a socket: they make things sooner, and nothing depends on them."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import orjson

from agent.uplink.keys import RobotKey
from casare_rpa import tls
from casare_rpa.client import socket_proxy, socket_url
from casare_rpa.settings import Settings

if TYPE_CHECKING:
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

_FIRST_SECONDS = 1.0
_MOST_SECONDS = 60.0
#: The server closes with this code when the key is revoked, rotated or expired.
_KEY_ENDED = 4401


class Push:
    """`run` is the body of its own thread; `hints` maps a message's type to what it wakes.

    `connected` is called for each new connection: hints may have been missed before it. `key_ended`
    is called when the server closes one because its key is good no longer.
    """

    def __init__(
        self,
        settings: Settings,
        hints: dict[str, Callable[[], None]],
        *,
        key: RobotKey,
        connected: Callable[[], None],
        key_ended: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._key = key
        self._tls = tls.context_of(settings)
        self._hints = hints
        self._connected = connected
        self._key_ended = key_ended
        self._stop = threading.Event()
        self._hurry = threading.Event()
        self._socket: ClientConnection | None = None

    def hurry(self) -> None:
        """What kept it from connecting may be over: try again now."""
        self._hurry.set()

    def stop(self) -> None:
        self._stop.set()
        self._hurry.set()
        socket = self._socket
        if socket is not None:
            socket.close()

    def run(self) -> None:
        from websockets.exceptions import ConnectionClosed, WebSocketException

        failures = 0
        while not self._stop.is_set():
            try:
                with self._connect() as socket:
                    self._socket = socket
                    failures = 0
                    self._listen(socket)
            except (OSError, WebSocketException, TimeoutError) as error:
                if isinstance(error, ConnectionClosed) and _is_of_key(error):
                    self._key_ended()
                log.debug("no hints for now: %s", error)
            except Exception:  # the fence: an agent does its work without hints
                log.debug("no hints for now", exc_info=True)
            self._socket = None
            failures += 1
            ceiling = min(_MOST_SECONDS, _FIRST_SECONDS * 2 ** min(failures, 10))
            self._hurry.wait(ceiling * random.uniform(0.1, 1))
            self._hurry.clear()

    def _connect(self) -> ClientConnection:
        from websockets.sync.client import connect

        server = self._settings.orchestrator_url
        return connect(
            socket_url(server, "/ws/robot"),
            additional_headers={"Authorization": f"Bearer {self._key.text}"},
            compression=None,
            open_timeout=self._settings.connect_timeout_seconds,
            close_timeout=1,
            max_size=1 << 16,
            proxy=socket_proxy(server),
            ssl=self._tls,
        )

    def _listen(self, socket: ClientConnection) -> None:
        if self._stop.is_set():
            return
        self._connected()
        for message in socket:
            wake = self._hints.get(_kind(message))
            if wake is not None:
                wake()


def _is_of_key(error: ConnectionClosed) -> bool:
    return error.rcvd is not None and error.rcvd.code == _KEY_ENDED


def _kind(message: str | bytes) -> str:
    try:
        decoded = orjson.loads(message)
        return str(decoded["type"])
    except (ValueError, KeyError, TypeError):
        return ""
