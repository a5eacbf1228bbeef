from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from casare_cli.differences.workflows import between
from casare_rpa.domain.workflow import parse_workflow
from tests.cli.conftest import document
from tests.cli.support import Cli, Server


def changed() -> dict[str, Any]:
    found = document()
    found["nodes"]["say"]["config"]["level"] = "warning"
    found["nodes"]["more"] = {"node_id": "more", "node_type": "LogNode", "config": {}}
    found["connections"][0]["target_node"] = "more"
    found["variables"] = {"who": "you"}
    found["nodes"]["greet"]["position"] = [10, 10]
    return found


def test_what_differs_is_named_one_by_one() -> None:
    found = between(parse_workflow(document()), parse_workflow(changed()))
    assert [(d.area, d.name, d.change) for d in found] == [
        ("node", "say.config.level", "changed"),
        ("node", "more", "added"),
        ("connection", "greet.exec_out → say.exec_in", "removed"),
        ("connection", "greet.exec_out → more.exec_in", "added"),
        ("variable", "who.value", "changed"),
    ]


def test_sensitive_values_are_not_shown() -> None:
    def with_secret(value: str) -> dict[str, Any]:
        secret = {"name": "pin", "type": "String", "default_value": value, "sensitive": True}
        return document() | {"variables": {"pin": secret}}

    one, two = parse_workflow(with_secret("1234")), parse_workflow(with_secret("9876"))
    (found,) = between(one, two)
    assert (found.a, found.b) == ("***", "*** (another value)")
    assert between(one, one) == []


def test_a_file_is_compared_with_a_version(
    remote: Cli, server: Server, workflow: str, workflow_file: Path
) -> None:
    same = remote("workflows", "diff", f"{workflow}@1", workflow_file)
    assert (same.returncode, same.stdout) == (0, "")
    with server.client() as client:
        client.push_workflow(
            {"workflow_id": workflow, "workflow_name": workflow, "workflow_json": changed()}
        )
    done = remote("workflows", "diff", f"{workflow}@1", workflow)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[:2] == [f"--- {workflow}@1", f"+++ {workflow}@2"]
    at = lines.index("@ node say.config.level")
    assert lines[at + 1 : at + 3] == ['- "info"', '+ "warning"']
    found = json.loads(remote("workflows", "diff", f"{workflow}@1", workflow, "-o", "json").stdout)
    assert (found["same"], len(found["differences"])) == (False, 5)
    assert remote("workflows", "diff", workflow, "nope").returncode == 4
