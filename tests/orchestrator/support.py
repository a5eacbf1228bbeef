"""A real orchestrator on a free port, and the few things that most tests do with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from casare_rpa.client import OrchestratorClient
from casare_rpa.orchestrator.server import Orchestrator
from casare_rpa.settings import Settings

Json = dict[str, Any]
NOW = "2026-01-01T00:00:00Z"


def workflow_document(name: str = "my-workflow") -> Json:
    return {
        "metadata": {"name": name},
        "nodes": {
            "start": {"node_id": "start", "node_type": "StartNode", "config": {}},
            "end": {"node_id": "end", "node_type": "EndNode", "config": {}},
        },
        "connections": [
            {
                "source_node": "start",
                "source_port": "exec_out",
                "target_node": "end",
                "target_port": "exec_in",
            }
        ],
    }


def eventually(check: Callable[[], Any], *, within_seconds: float = 60) -> Any:
    """Ask again until *check* gives something true."""
    end = time.monotonic() + within_seconds
    pause = 0.01  # asking takes time from what is waited for: seldom, when it takes long
    while not (found := check()):
        if time.monotonic() > end:
            raise AssertionError(f"still {found!r} after {within_seconds} s")
        time.sleep(pause)
        pause = min(1.2 * pause, 0.1)
    return found


@dataclass
class Running:
    """A server that listens, and its first key."""

    orchestrator: Orchestrator
    thread: threading.Thread
    admin_key: str
    clients: list[OrchestratorClient] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.orchestrator.url

    @cached_property
    def admin(self) -> OrchestratorClient:
        return self.client(self.admin_key)

    @property
    def open_sockets(self) -> int:
        assert self.orchestrator.app is not None
        return len(self.orchestrator.app.state.desk.open_sockets)

    def key(self, role: str) -> str:
        """A new key of *role*."""
        return str(self.admin.create_key({"role": role})["api_key"])

    def robot_key(self, robot_id: str = "r1") -> str:
        return str(self.admin.create_robot_key({"robot_id": robot_id})["api_key"])

    def client(self, key: str) -> OrchestratorClient:
        """A client that is closed with the server."""
        patient = OrchestratorClient(
            self.url, key, connect_timeout_seconds=60, request_timeout_seconds=60
        )
        self.clients.append(patient)
        return self.clients[-1]

    def robot(self, robot_id: str = "r1") -> OrchestratorClient:
        return self.client(self.robot_key(robot_id))

    def http(self, key: str | None = None, **more: Any) -> httpx.Client:
        """A bare HTTP client, for what our own client would never send."""
        headers = {"Authorization": f"Bearer {key or self.admin_key}"} if key != "" else {}
        # Reading the authorities' certificates takes longer than the calls.
        about = {"timeout": 60, "trust_env": False, "verify": False, **more}
        return httpx.Client(base_url=self.url, headers=headers, **about)

    def push(self, workflow_id: str = "my-workflow") -> Json:
        return self.admin.push_workflow(
            {
                "workflow_id": workflow_id,
                "workflow_name": workflow_id,
                "workflow_json": workflow_document(workflow_id),
            }
        )

    def submit(self, workflow_id: str = "my-workflow", **more: Any) -> str:
        """Submit a job of a workflow that is pushed first; its id."""
        self.push(workflow_id)
        return str(self.admin.submit({"workflow_id": workflow_id, **more})["job_id"])

    def socket(
        self,
        path: str,
        key: str | None = None,
        more_headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> ClientConnection:
        headers = {"Authorization": f"Bearer {key or self.admin_key}"} if key != "" else {}
        opened: ClientConnection = connect(
            f"ws{self.url.removeprefix('http')}{path}",
            additional_headers={**headers, **(more_headers or {})},
            proxy=None,
            **more,
        )
        return opened


@dataclass
class Attempt:
    """A claimed job, from the robot's side."""

    robot: OrchestratorClient
    grant: Json
    index: int = 0

    @property
    def job_id(self) -> str:
        return str(self.grant["job_id"])

    @property
    def proof(self) -> Json:
        return {"attempt": self.grant["attempt"], "lease_token": self.grant["lease_token"]}

    def start(self, robot_id: str = "r1") -> Json:
        """The first renewal, which makes the job running."""
        return self.robot.heartbeat(robot_id, {"leases": [{"job_id": self.job_id, **self.proof}]})

    def send(self, *types: str, **data: Any) -> Json:
        first = self.index + 1
        self.index += len(types)
        events = [{"type": kind, "timestamp": NOW, "data": data} for kind in types]
        return self.robot.append_events(
            self.job_id, {**self.proof, "first_index": first, "events": events}
        )

    def finish(self, status: str = "completed", **more: Any) -> Json:
        return self.robot.finish(
            self.job_id, {**self.proof, "status": status, "event_count": self.index, **more}
        )


def claim(robot: OrchestratorClient, **more: Any) -> Attempt:
    """Claim the job that is waiting."""
    grant = robot.claim(more)
    assert grant is not None
    return Attempt(robot=robot, grant=grant)


def run_job(server: Running, job_id: str, *nodes: str) -> Attempt:
    """Run the waiting job to its end, as a robot would."""
    attempt = claim(server.robot())
    assert attempt.job_id == job_id
    attempt.start()
    for node_id in nodes or ("start", "end"):
        attempt.send("node.started", node_id=node_id, node_type="SetVariableNode")
        attempt.send(
            "node.completed", node_id=node_id, node_type="SetVariableNode", execution_time_ms=1.5
        )
    attempt.finish(result={"variables": {"answer": 42}}, duration_ms=3.0, nodes_executed=2)
    return attempt


def read_all(socket: ClientConnection) -> tuple[list[Json], int]:
    """Every message until the server closes, and the close code."""
    messages = [orjson.loads(text) for text in socket]
    assert socket.close_code is not None
    return messages, socket.close_code


def closed(socket: ClientConnection) -> int:
    """The close code, once the server has closed."""
    with pytest.raises(ConnectionClosed):
        while True:
            socket.recv(timeout=60)
    assert socket.close_code is not None
    return int(socket.close_code)


def soon(seconds: float) -> str:
    """A time of day that many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


@contextmanager
def running(state_dir: Path, **settings: Any) -> Iterator[Running]:
    """An orchestrator in a thread, on a free port, with SQLite in *state_dir*."""
    given = {"port": 0, "state_dir": str(state_dir), "reap_every_seconds": 0.1, **settings}
    shown: list[str] = []
    orchestrator = Orchestrator(Settings(**given), show=shown.append)
    thread = threading.Thread(target=orchestrator.run, name="orchestrator")
    thread.start()
    server: Running | None = None
    try:
        eventually(lambda: orchestrator.listening.is_set() or not thread.is_alive())
        assert thread.is_alive(), "the orchestrator did not start"
        key = next((word for line in shown for word in line.split() if "sk_live" in word), "")
        server = Running(orchestrator=orchestrator, thread=thread, admin_key=key)
        yield server
    finally:
        for client in server.clients if server else ():
            client.close()
        orchestrator.stop()
        thread.join(timeout=60)
        assert not thread.is_alive(), "the orchestrator did not stop"
