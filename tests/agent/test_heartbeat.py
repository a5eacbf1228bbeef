"""When the next renewal comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent.machine.folders import Folders
from agent.roster import Roster
from agent.uplink.heartbeat import Heartbeat, Reactions
from agent.uplink.identity import Identity
from casare_rpa.client import OrchestratorClient
from casare_rpa.settings import Settings
from tests.support.fleet import Orchestrator

Json = dict[str, Any]


@pytest.fixture
def heartbeat(orchestrator: Orchestrator, tmp_path: Path) -> Iterator[Heartbeat]:
    """Of a robot without a job."""
    robot_id = f"r-{tmp_path.name}"[:60]
    settings = Settings(state_dir=str(tmp_path))
    ignore = lambda *_: None  # noqa: E731
    client = OrchestratorClient(orchestrator.url, orchestrator.robot_key(robot_id))
    yield Heartbeat(
        client,
        identity=Identity(robot_id=robot_id, key_name="test"),
        settings=settings,
        folders=Folders.open(settings),
        roster=Roster(1),
        reactions=Reactions(rest=ignore, key_refused=ignore, superseded=ignore),
        say=dict,
    )
    client.close()


@contextmanager
def saying(body: bytes) -> Iterator[str]:
    """The address of a program that answers everything in the same words."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_renewals_of_many_robots_do_not_come_in_step(heartbeat: Heartbeat) -> None:
    """A lease is renewed after a third of its time, a fifth sooner or later."""
    pauses = [heartbeat._beat() for _ in range(20)]
    third = heartbeat.lease_seconds / 3
    assert third < 5, "the orchestrator's word, not what is usual"
    assert all(0.8 * third - 0.01 <= pause <= 1.2 * third + 0.01 for pause in pauses)
    assert max(pauses) - min(pauses) > 0.02


@pytest.mark.parametrize("said", [b"{}", b"[]", b'{"lost": []}'])
def test_the_json_of_another_program_is_no_renewal(heartbeat: Heartbeat, said: bytes) -> None:
    with saying(said) as url, OrchestratorClient(url, "robot_x") as client:
        heartbeat._client = client
        assert heartbeat._beat() <= 5
    assert not heartbeat.reachable
    assert not heartbeat.renewing
