from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed

from tests.orchestrator.support import Running, claim, eventually, running


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


def test_a_robots_row_is_read_for_its_own_changes_and_not_for_those_of_the_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, key_check_every_seconds=600) as server:
        assert server.orchestrator.app is not None
        store = server.orchestrator.app.state.desk.store
        reads: list[str] = []
        read = store.robot

        def counted(robot_id: str) -> Any:
            reads.append(robot_id)
            return read(robot_id)

        key = server.robot_key()
        server.client(key).heartbeat("r1", {})
        server.push()
        with server.socket("/ws/robot", key) as socket:
            _ready(socket)
            server.admin.submit({"workflow_id": "my-workflow"})
            assert _next(socket) == {"type": "job_available"}
            monkeypatch.setattr(store, "robot", counted)
            for _ in range(5):
                server.admin.submit({"workflow_id": "my-workflow"})
                assert _next(socket) == {"type": "job_available"}
            assert reads == []
            monkeypatch.undo()
            server.admin.set_robot_status("r1", {"draining": True})
            assert _next(socket) == {"type": "drain"}


def test_a_drain_that_nobody_told_of_is_noticed_however_busy_the_queue_is(tmp_path: Path) -> None:
    with running(tmp_path, key_check_every_seconds=1) as server:
        key = server.robot_key()
        server.client(key).heartbeat("r1", {})
        server.push()
        with server.socket("/ws/robot", key) as socket:
            _ready(socket)
            with closing(sqlite3.connect(tmp_path / "orchestrator.db")) as database, database:
                database.execute("UPDATE robots SET draining = 1")
            heard = {"type": "job_available"}
            while heard == {"type": "job_available"}:
                server.admin.submit({"workflow_id": "my-workflow"})
                heard = _next(socket)
            assert heard == {"type": "drain"}
