"""The socket over which an agent hears that there is something to ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from agent.uplink.keys import KeySource, RobotKey
from agent.uplink.push import Push
from casare_rpa.settings import Settings
from tests.support.fleet import eventually


@contextmanager
def listening(asked: list[str]) -> Iterator[int]:
    """The port of a socket server; it notes the paths that it is asked for."""

    def note(socket: ServerConnection, request: Request) -> Response | None:
        asked.append(request.path)
        return None

    with serve(lambda socket: None, "127.0.0.1", 0, process_request=note) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.socket.getsockname()[1]
        server.shutdown()


@contextmanager
def pushed(url: str) -> Iterator[threading.Thread]:
    push = Push(
        replace(Settings(), orchestrator_url=url),
        {},
        key=RobotKey("robot_x", KeySource()),
        connected=lambda: None,
        key_ended=lambda: None,
    )
    running = threading.Thread(target=push.run, daemon=True)
    running.start()
    yield running
    push.stop()
    running.join(10)


@pytest.mark.parametrize(("prefix", "path"), [("", "/ws/robot"), ("/rpa/", "/rpa/ws/robot")])
def test_it_keeps_the_path_prefix_of_the_orchestrators_address(prefix: str, path: str) -> None:
    asked: list[str] = []
    with listening(asked) as port, pushed(f"http://127.0.0.1:{port}{prefix}"):
        eventually(lambda: asked)
    assert asked[0] == path


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    asked: list[str] = []
    with listening(asked) as port, pushed(f"http://127.0.0.1:{port}"):
        eventually(lambda: asked)


def test_a_proxy_that_this_installation_cannot_use_costs_the_hints_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The library of SOCKS proxies is none of ours: asking it fails in a way of its own."""
    monkeypatch.setenv("socks_proxy", "socks5://127.0.0.1:9")
    caplog.set_level("DEBUG", "agent")
    with pushed("http://orchestrator.invalid") as running:
        eventually(lambda: "no hints for now" in caplog.text)
        assert running.is_alive()
