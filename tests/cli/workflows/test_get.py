from __future__ import annotations

import json

from tests.cli.conftest import document
from tests.cli.support import Cli


def test_a_workflow_is_shown(remote: Cli, workflow: str) -> None:
    assert "version\t1" in remote("workflows", "get", workflow).stdout.splitlines()
    found = json.loads(remote("workflows", "get", workflow, "-o", "json").stdout)
    assert found["workflow_id"] == workflow


def test_its_file_comes_back(remote: Cli, workflow: str) -> None:
    done = remote("workflows", "get", workflow, "--document")
    assert json.loads(done.stdout) == document()


def test_an_unknown_workflow_exits_4(remote: Cli) -> None:
    assert remote("workflows", "get", "nope").returncode == 4
