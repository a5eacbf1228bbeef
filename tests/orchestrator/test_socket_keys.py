"""Who may watch, and for how long."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import orjson
import pytest
from websockets.sync.client import ClientConnection

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
        assert socket.recv(timeout=60) == "pong"
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


def test_all_watchers_of_a_revoked_key_are_closed(server: Running) -> None:
    job_id = server.submit()
    made = server.admin.create_key({"role": "viewer"})
    path = f"/ws/jobs/{job_id}?after=1"
    with ExitStack() as stack:
        opened = [stack.enter_context(server.socket(path, made["api_key"])) for _ in range(5)]
        for socket in opened:
            socket.send("ping")
            assert socket.recv(timeout=60) == "pong"
        server.admin.revoke_key(made["key"]["id"])
        assert [closed(socket) for socket in opened] == [4401] * 5


def test_watchers_of_a_revoked_key_hear_of_it_at_once(tmp_path: Path) -> None:
    """Not only when the socket looks at its key by itself."""
    with running(tmp_path, key_check_every_seconds=7200) as server:
        made = server.admin.create_key({"role": "viewer"})
        with server.socket(f"/ws/jobs/{server.submit()}?after=1", made["api_key"]) as socket:
            socket.send("ping")
            assert socket.recv(timeout=60) == "pong"
            server.admin.revoke_key(made["key"]["id"])
            assert closed(socket) == 4401


def test_an_expired_key_is_closed_too(tmp_path: Path) -> None:
    with running(tmp_path, key_check_every_seconds=0.2) as server:
        job_id = server.submit()
        made = server.admin.create_key({"role": "viewer", "expires_at": soon(6)})
        with server.socket(f"/ws/jobs/{job_id}", made["api_key"]) as socket:
            first = orjson.loads(socket.recv(timeout=60))
            assert first["type"] == "job.queued", "the key was still good when the socket opened"
            assert closed(socket) == 4401


def _ticket(server: Running, key: str) -> str:
    """The first message of a page that holds a ticket."""
    ticket = server.client(key).call("POST", "/auth/ws-ticket")["ticket"]
    return orjson.dumps({"type": "auth", "ticket": ticket}).decode()


def _opened_with(server: Running, first: str) -> int:
    with server.socket("/ws/jobs/none", "") as socket:
        socket.send(first)
        return closed(socket)


def test_a_ticket_gives_no_more_than_its_holders_role(server: Running) -> None:
    assert _opened_with(server, _ticket(server, server.robot_key())) == 4403


def test_a_ticket_of_a_revoked_key_opens_nothing(server: Running) -> None:
    made = server.admin.create_key({"role": "viewer"})
    first = _ticket(server, made["api_key"])
    server.admin.revoke_key(made["key"]["id"])
    assert _opened_with(server, first) == 4401


def test_a_ticket_is_good_for_half_a_minute(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    from casare_rpa.orchestrator.access import tickets

    viewer = server.key("viewer")
    monkeypatch.setattr(tickets, "TICKET_SECONDS", 0)
    assert _opened_with(server, _ticket(server, viewer)) == 4401
    monkeypatch.setattr(tickets, "TICKET_SECONDS", 30)
    assert _opened_with(server, _ticket(server, viewer)) == 4404


def test_a_key_in_the_address_of_a_socket_is_in_no_log(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    # The web server writes the addresses of sockets here, unless it is told to be quiet.
    caplog.set_level("INFO", logger="uvicorn.error")
    job_id = server.submit()
    server.admin.cancel(job_id)
    with server.socket(f"/ws/jobs/{job_id}?token={server.admin_key}", "") as socket:
        assert closed(socket) == 1000
    logged = [record.getMessage() for record in caplog.records]
    assert any(job_id in line for line in logged)
    assert not [line for line in logged if server.admin_key in line]


def test_one_key_does_not_get_all_sockets(tmp_path: Path) -> None:
    with running(tmp_path, max_sockets=8) as server, ExitStack() as stack:
        path = f"/ws/jobs/{server.submit()}?after=1"
        greedy, other = server.key("viewer"), server.key("viewer")
        held = [stack.enter_context(server.socket(path, greedy)) for _ in range(4)]
        for socket in held:
            _answers(socket)
        with server.socket(path, greedy) as fifth:
            assert closed(fifth) == 1013
        _answers(stack.enter_context(server.socket(path, other)))
        _answers(stack.enter_context(server.socket(path)))


def test_sockets_of_nobody_leave_room_for_those_with_a_key(tmp_path: Path) -> None:
    with running(tmp_path, max_sockets=8) as server, ExitStack() as stack:
        path = f"/ws/jobs/{server.submit()}?after=1"
        for _ in range(4):
            _answers(stack.enter_context(server.socket(path, "")))
        with server.socket(path, "") as fifth:
            assert closed(fifth) == 1013
        _answers(stack.enter_context(server.socket(path)))


def _answers(socket: ClientConnection) -> None:
    socket.send("ping")
    assert socket.recv(timeout=60) == "pong"
