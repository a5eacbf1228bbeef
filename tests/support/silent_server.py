"""A server that takes connections, says its first lines and then nothing."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent(*lines: str, hangs_up: bool = False) -> Iterator[int]:
    """Its port. It answers each line that comes with the next of *lines*, the first unasked.

    After the last of them it waits, or *hangs_up*.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def talk(connection: socket.socket) -> None:
        reader = connection.makefile("rb")
        try:
            for number, line in enumerate(lines):
                if number and not reader.readline():
                    break
                connection.sendall(line.encode() + b"\r\n")
            if hangs_up:
                reader.readline()
                connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            reader.close()

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in held:
            connection.close()
        thread.join(5)
