from __future__ import annotations

import json

from tests.cli.support import Cli


def test_workflows_are_listed(remote: Cli, workflow: str) -> None:
    found = json.loads(remote("workflows", "list", "-o", "json", "--limit", "500").stdout)
    assert found["schema_version"] == 1
    assert workflow in [item["workflow_id"] for item in found["items"]]
    assert workflow in remote("workflow", "list", "-o", "name", "--limit", "500").stdout.split()


def test_a_name_narrows_the_list(remote: Cli, workflow: str) -> None:
    assert remote("workflows", "list", "--name", workflow, "-o", "name").stdout == f"{workflow}\n"
