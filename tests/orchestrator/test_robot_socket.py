from __future__ import annotations

from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from tests.orchestrator.support import Running, claim, eventually


def _ready(socket: Any) -> None:
    """The server listens for this robot once it has answered."""
    socket.send("ping")
    assert socket.recv(timeout=60) == "pong"


def _next(socket: Any) -> dict[str, Any]:
    return dict(orjson.loads(socket.recv(timeout=60)))


@pytest.mark.parametrize("path", ["/ws/robot", "/ws/robot/r1"])
def test_a_robot_is_told_of_a_job(server: Running, path: str) -> None:
    key = server.robot_key()
    server.client(key).heartbeat("r1", {})
    server.push()
    with server.socket(path, key) as socket:
        _ready(socket)
        server.admin.submit({"workflow_id": "my-workflow"})
        assert _next(socket) == {"type": "job_available"}


def test_a_robot_is_told_to_stop_a_job(server: Running) -> None:
    key = server.robot_key()
    robot = server.client(key)
    job_id = server.submit()
    claim(robot).start()
    with server.socket("/ws/robot/r1", key) as socket:
        _ready(socket)
        server.admin.cancel(job_id)
        assert _next(socket) == {"type": "job_cancel", "job_id": job_id}


def test_a_robot_is_told_to_drain_and_of_no_more_jobs(server: Running) -> None:
    key = server.robot_key()
    server.client(key).heartbeat("r1", {})
    with server.socket("/ws/robot/r1", key) as socket:
        _ready(socket)
        server.admin.set_robot_status("r1", {"status": "online", "draining": True})
        assert _next(socket) == {"type": "drain"}
        server.submit()
        _ready(socket)
    with server.socket("/ws/robot/r1", key) as socket:
        assert _next(socket) == {"type": "drain"}
        server.admin.set_robot_status("r1", {"draining": True, "drain_seconds": 60})
        assert _next(socket) == {"type": "drain"}
        server.admin.set_robot_status("r1", {"draining": False})
        assert _next(socket) == {"type": "resume"}


def test_a_key_opens_the_socket_of_its_own_robot_only(server: Running) -> None:
    with server.socket("/ws/robot/r2", server.robot_key("r1")) as socket:
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
        assert socket.close_code == 4403


def test_the_socket_of_a_revoked_key_is_closed(server: Running) -> None:
    made = server.admin.create_robot_key({"robot_id": "r1"})
    with server.socket("/ws/robot", made["api_key"]) as socket:
        _ready(socket)
        server.admin.revoke_robot_key(made["key"]["id"])
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
        assert socket.close_code == 4401
    eventually(lambda: server.open_sockets == 0)
