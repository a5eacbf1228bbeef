"""Who may watch, and for how long."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest

from tests.orchestrator.support import Running, closed, read_all, running, soon


@pytest.mark.parametrize("parameter", ["token", "api_key"])
def test_old_clients_may_put_their_key_in_the_address(
    server: Running, parameter: str, caplog: pytest.LogCaptureFixture
) -> None:
    job_id = server.submit()
    server.admin.cancel(job_id)
    caplog.set_level("DEBUG", logger="casare_rpa")
    with server.socket(f"/ws/jobs/{job_id}?{parameter}={server.admin_key}&after=1", "") as socket:
        messages, code = read_all(socket)
    assert code == 1000 and [message["seq"] for message in messages] == [2]
    assert server.admin_key not in caplog.text


@pytest.mark.parametrize(
    "first", ['{"type": "auth", "key": "sk_live_x"}', '{"type": "auth"}', "[]", "{", "hello", "1"]
)
def test_a_wrong_first_message_is_4401(server: Running, first: str) -> None:
    with server.socket("/ws/jobs/none", "") as socket:
        socket.send(first)
        assert closed(socket) == 4401


def test_the_first_message_may_bring_the_key(server: Running) -> None:
    with server.socket("/ws/jobs/none", "") as socket:
        socket.send("ping")
        assert socket.recv(timeout=10) == "pong"
        socket.send(orjson.dumps({"type": "auth", "key": server.admin_key}).decode())
        assert closed(socket) == 4404


def test_a_ticket_opens_one_socket(server: Running) -> None:
    viewer = server.client(server.key("viewer"))
    ticket = viewer.call("POST", "/auth/ws-ticket")
    assert ticket["expires_in"] == 30
    first = orjson.dumps({"type": "auth", "ticket": ticket["ticket"]}).decode()
    codes = []
    for _ in range(2):
        with server.socket("/ws/jobs/none", "") as socket:
            socket.send(first)
            codes.append(closed(socket))
    assert codes == [4404, 4401]


def test_a_wrong_key_is_4401(server: Running) -> None:
    with server.socket("/ws/jobs/none", "sk_live_wrong") as socket:
        assert closed(socket) == 4401


def test_watchers_of_a_revoked_key_are_closed_within_five_seconds(server: Running) -> None:
    job_id = server.submit()
    made = server.admin.create_key({"role": "viewer"})
    path = f"/ws/jobs/{job_id}?after=1"
    with ExitStack() as stack:
        opened = [stack.enter_context(server.socket(path, made["api_key"])) for _ in range(5)]
        for socket in opened:
            socket.send("ping")
            assert socket.recv(timeout=10) == "pong"
        revoked = time.monotonic()
        server.admin.revoke_key(made["key"]["id"])
        assert [closed(socket) for socket in opened] == [4401] * 5
        assert time.monotonic() - revoked < 5


def test_an_expired_key_is_closed_too(tmp_path: Path) -> None:
    with running(tmp_path, key_check_every_seconds=0.2) as server:
        job_id = server.submit()
        made = server.admin.create_key({"role": "viewer", "expires_at": soon(1)})
        with server.socket(f"/ws/jobs/{job_id}?after=1", made["api_key"]) as socket:
            assert closed(socket) == 4401
