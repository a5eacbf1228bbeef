from __future__ import annotations

from uuid import uuid4

import pytest

from tests.cli.conftest import document
from tests.cli.support import Cli, Server


@pytest.fixture
def doomed(server: Server) -> str:
    workflow_id = uuid4().hex
    with server.client() as client:
        client.push_workflow(
            {
                "workflow_id": workflow_id,
                "workflow_name": workflow_id,
                "workflow_json": document(),
            }
        )
    return workflow_id


def test_off_a_terminal_it_wants_yes(remote: Cli, server: Server, doomed: str) -> None:
    done = remote("workflows", "delete", doomed)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    with server.client() as client:
        assert client.workflow(doomed)


def test_with_yes_it_is_gone(remote: Cli, doomed: str) -> None:
    assert remote("workflows", "delete", doomed, "--yes").returncode == 0
    assert remote("workflows", "get", doomed).returncode == 4
    assert remote("workflows", "delete", doomed, "--yes").returncode == 4
