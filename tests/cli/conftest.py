from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.support import Cli, Robot, Server, start_server

if os.name != "posix":
    pytest.skip("these tests use pseudo-terminals and signals", allow_module_level=True)


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    """The program, knowing of no orchestrator."""
    found = Cli(tmp_path)
    yield found
    found.end()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An orchestrator process, shared by the tests of a worker."""
    found = start_server(tmp_path_factory.mktemp("orchestrator"))
    try:
        with found.client(found.admin_key) as admin:
            found.developer_key = admin.create_key({"role": "developer", "name": "t"})["api_key"]
        yield found
    finally:
        found.stop()


@pytest.fixture
def remote(tmp_path: Path, server: Server) -> Iterator[Cli]:
    """The program with the address of an orchestrator and a developer's key."""
    found = Cli(tmp_path, server.env())
    yield found
    found.end()


@pytest.fixture
def workflow(server: Server) -> Iterator[str]:
    """A workflow in the orchestrator that no other test uses; its jobs do not outlive the test."""
    workflow_id = f"w-{uuid4().hex[:8]}"
    with server.client() as client:
        client.push_workflow(
            {"workflow_id": workflow_id, "workflow_name": workflow_id, "workflow_json": document()}
        )
        yield workflow_id
        for job in client.jobs(workflow_id=workflow_id, status="pending", limit=500)["jobs"]:
            client.cancel(job["job_id"])


@pytest.fixture
def workflow_name(server: Server, workflow: str) -> str:
    """The name of *workflow* from now on, which is not its id."""
    name = f"Greet {uuid4().hex[:8]}"
    about = {"workflow_id": workflow, "workflow_name": name, "workflow_json": document()}
    with server.client() as client:
        client.push_workflow(about)
    return name


@pytest.fixture
def submit(server: Server, workflow: str) -> Callable[..., str]:
    """Submits a job of *workflow* for the robot that it names."""

    def submit(robot: Robot | None = None, **more: Any) -> str:
        pinned = robot.robot_id if robot else "nobody"
        request = {"workflow_id": workflow, "robot_id": pinned, **more}
        with server.client() as client:
            return str(client.submit(request)["job_id"])

    return submit


@pytest.fixture
def robot(server: Server) -> Iterator[Robot]:
    found = Robot(server, f"robot-{uuid4().hex[:8]}")
    yield found
    found.client.close()


@pytest.fixture
def workflow_file(tmp_path: Path) -> Path:
    path = tmp_path / "greet.json"
    path.write_text(json.dumps(document(), indent=2))
    return path


def document() -> dict[str, Any]:
    """Set a variable to a greeting of `who`, then log it."""
    return {
        "metadata": {"name": "Greet people"},
        "nodes": {
            "greet": {
                "node_id": "greet",
                "node_type": "SetVariableNode",
                "config": {"variable_name": "greeting", "value": "hello {{who}}"},
            },
            "say": {
                "node_id": "say",
                "node_type": "LogNode",
                "config": {"message": "{{greeting}}", "level": "info"},
            },
        },
        "connections": [
            {
                "source_node": "greet",
                "source_port": "exec_out",
                "target_node": "say",
                "target_port": "exec_in",
            }
        ],
        "variables": {"who": "world"},
    }
