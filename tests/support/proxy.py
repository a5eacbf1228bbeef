"""A TCP proxy that loses answers: the request arrives, the connection breaks instead of a reply."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 1 << 16
_SOCKETS = (b"GET /ws/", b"GET /api/v1/ws/")


@dataclass
class Proxy:
    """`lose(b"POST /x", 2)` loses the answers to the next two requests that begin so.

    With *cut_sockets_after* each WebSocket is cut when it has carried so many bytes to the client.
    """

    url: str
    target: tuple[str, int]
    lost: list[bytes] = field(default_factory=list)
    cut_sockets_after: int | None = None
    #: What WebSockets have carried to clients.
    carried: bytes = b""
    _to_lose: dict[bytes, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lose(self, prefix: bytes, count: int = 1) -> None:
        with self._lock:
            self._to_lose[prefix] = count

    def is_lost(self, request: bytes) -> bool:
        line = request.partition(b"\r\n")[0]
        with self._lock:
            for prefix, count in self._to_lose.items():
                # A path may hold ids: "POST .../finish" is written as b"/finish ".
                if count and (line.startswith(prefix) or prefix in line):
                    self._to_lose[prefix] = count - 1
                    self.lost.append(line)
                    return True
        return False

    def serve(self, client: socket.socket) -> None:
        """Carry one connection; whole requests come in one piece from these clients."""
        with client, socket.create_connection(self.target) as server:
            line = _Line(self)
            back = threading.Thread(target=line.carry_back, args=(server, client), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := client.recv(_CHUNK):
                    line.is_socket = line.is_socket or data.startswith(_SOCKETS)
                    if self.is_lost(data):
                        line.losing.set()
                    server.sendall(data)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join(10)


class _Line:
    """The way back of one connection."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._left = proxy.cut_sockets_after
        self.losing = threading.Event()
        self.is_socket = False

    def carry_back(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(_CHUNK):
                if self.losing.is_set():
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(self._shortened(data))
                if self.is_socket and self._left == 0:
                    client.shutdown(socket.SHUT_RDWR)
                    return
            client.shutdown(socket.SHUT_WR)

    def _shortened(self, data: bytes) -> bytes:
        if not self.is_socket:
            return data
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._proxy.carried += data
        return data


@contextlib.contextmanager
def proxy_to(url: str) -> Iterator[Proxy]:
    """A proxy on 127.0.0.1 in front of *url*, while the block runs."""
    parts = urlsplit(url)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        proxy = Proxy(f"http://127.0.0.1:{port}", (parts.hostname or "", parts.port or 80))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield proxy
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@dataclass
class Balancer:
    """Each connection goes to the next server that takes it: no stickiness at all."""

    url: str
    targets: list[tuple[str, int]]
    #: Connections carried to each server.
    carried: list[int] = field(default_factory=list)
    _turn: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, client: socket.socket) -> None:
        with client:
            server = self._next()
            if server is None:
                return
            with server:
                back = threading.Thread(target=_carry, args=(server, client), daemon=True)
                back.start()
                _carry(client, server)
                back.join(60)

    def _next(self) -> socket.socket | None:
        for _ in self.targets:
            with self._lock:
                turn = self._turn = (self._turn + 1) % len(self.targets)
            with contextlib.suppress(OSError):
                server = socket.create_connection(self.targets[turn], timeout=5)
                server.settimeout(None)
                self.carried[turn] += 1
                return server
        return None


def _carry(source: socket.socket, target: socket.socket) -> None:
    """Until the source ends; a server that dies takes the connection with it."""
    with contextlib.suppress(OSError):
        while data := source.recv(_CHUNK):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def balance(urls: list[str]) -> Iterator[Balancer]:
    """A balancer on 127.0.0.1 in front of *urls*, while the block runs."""
    parts = [urlsplit(url) for url in urls]
    targets = [(part.hostname or "", part.port or 80) for part in parts]
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        port = listener.getsockname()[1]
        balancer = Balancer(f"http://127.0.0.1:{port}", targets, [0] * len(targets))
        threading.Thread(target=_accept, args=(listener, balancer.serve), daemon=True).start()
        yield balancer
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
