"""A bad line: a TCP proxy that delays, throttles, slices, holds, cuts and forgets.

with line_to(orchestrator.url) as line:
    line.hold()      # the cable is out: nothing moves, nothing is closed
    line.mend()      # what waited arrives, as after TCP's own repeats
    line.abandon()   # the connections that exist stay silent for ever; new ones work
    line.reset()     # every connection ends with RST
    line.half_close()
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 1 << 14
_RESET = struct.pack("ii", 1, 0)


@dataclass(eq=False)
class _Connection:
    client: socket.socket
    server: socket.socket
    silent: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass
class Line:
    """`latency_seconds` and `bytes_per_second` are for each direction; the rate is shared."""

    url: str
    target: tuple[str, int]
    latency_seconds: float = 0.0
    bytes_per_second: float = 0.0
    slice_bytes: int = _CHUNK
    _connections: list[_Connection] = field(default_factory=list)
    _moving: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _free_at: dict[str, float] = field(default_factory=dict)

    def hold(self) -> None:
        self._moving.clear()

    def mend(self) -> None:
        self._moving.set()

    def abandon(self) -> None:
        for connection in self._known():
            connection.silent.set()

    def reset(self) -> None:
        for connection in self._known():
            connection.reset()

    def half_close(self) -> None:
        """The server's side of each connection is told that nothing more will come."""
        for connection in self._known():
            with contextlib.suppress(OSError):
                connection.server.shutdown(socket.SHUT_WR)

    def _known(self) -> list[_Connection]:
        with self._lock:
            return list(self._connections)

    def serve(self, client: socket.socket) -> None:
        self._moving.wait()
        try:
            server = socket.create_connection(self.target, timeout=10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        connection = _Connection(client, server)
        with self._lock:
            self._connections.append(connection)
        there = threading.Thread(
            target=self._carry, args=(connection, client, server, "there"), daemon=True
        )
        there.start()
        self._carry(connection, server, client, "back")
        there.join()
        with self._lock:
            self._connections.remove(connection)
        client.close()
        server.close()

    def _carry(
        self, connection: _Connection, source: socket.socket, target: socket.socket, way: str
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                time.sleep(self.latency_seconds)
                for start in range(0, len(data), self.slice_bytes):
                    piece = data[start : start + self.slice_bytes]
                    self._wait_for_turn(len(piece), way)
                    self._moving.wait()
                    if connection.silent.is_set():
                        self._stay_silent(source)
                        return
                    target.sendall(piece)
        self._moving.wait()
        if connection.silent.is_set():
            return
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    @staticmethod
    def _stay_silent(source: socket.socket) -> None:
        while source.recv(_CHUNK):
            pass

    def _wait_for_turn(self, size: int, way: str) -> None:
        if not self.bytes_per_second:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._free_at.get(way, now))
            self._free_at[way] = turn + size / self.bytes_per_second
        time.sleep(turn - now)


@contextlib.contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line on 127.0.0.1 to *url*, good until told otherwise."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port = listener.getsockname()[1]
        line = Line(f"http://127.0.0.1:{port}", (parts.hostname or "", parts.port or 80))
        line.mend()

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=line.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield line
        finally:
            line.mend()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            line.reset()
