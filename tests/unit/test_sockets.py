"""The sockets of agents and watchers, as the library that they use behaves here."""

from __future__ import annotations

import threading

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve

from casare_rpa.client import socket_url  # importing it says what may be logged, too
from tests.support.line import line_to


def test_a_connection_that_falls_silent_writes_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def answer(socket: ServerConnection) -> None:
        for message in socket:
            socket.send(message)

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.socket.getsockname()[1]
        with line_to(f"http://127.0.0.1:{port}") as line:
            url = line.url.replace("http", "ws")
            with connect(url, ping_interval=1, ping_timeout=1, close_timeout=0.1) as socket:
                socket.send("here")
                assert socket.recv(timeout=30) == "here"
                line.hold()
                with pytest.raises(ConnectionClosed):
                    socket.recv(timeout=30)
            line.mend()
        server.shutdown()
    told = [record for record in caplog.records if record.name == "websockets.client"]
    assert told == []


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("http://gw.example/rpa", "ws://gw.example/rpa/ws/robot"),
        ("https://gw.example:8443/", "wss://gw.example:8443/ws/robot"),
        ("HTTPS://gw.example/api/v1", "wss://gw.example/ws/robot"),
        ("http://[::1]:8000", "ws://[::1]:8000/ws/robot"),
    ],
)
def test_a_socket_is_beside_rest(base_url: str, address: str) -> None:
    assert socket_url(base_url, "/ws/robot") == address
