"""A TCP proxy that loses answers: the request arrives, the connection breaks instead of a reply."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK = 1 << 16


@dataclass
class Proxy:
    """`lose(b"POST /x", 2)` loses the answers to the next two requests that begin so."""

    url: str
    target: tuple[str, int]
    lost: list[bytes] = field(default_factory=list)
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
            losing = threading.Event()
            back = threading.Thread(target=_carry_back, args=(server, client, losing), daemon=True)
            back.start()
            with contextlib.suppress(OSError):
                while data := client.recv(_CHUNK):
                    if self.is_lost(data):
                        losing.set()
                    server.sendall(data)
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_WR)
            back.join(10)


def _carry_back(server: socket.socket, client: socket.socket, losing: threading.Event) -> None:
    with contextlib.suppress(OSError):
        while data := server.recv(_CHUNK):
            if losing.is_set():
                client.shutdown(socket.SHUT_RDWR)
                return
            client.sendall(data)
        client.shutdown(socket.SHUT_WR)


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
