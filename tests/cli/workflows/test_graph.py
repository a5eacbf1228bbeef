from __future__ import annotations

import json
from pathlib import Path

from tests.cli.support import Cli, error_of


def test_a_file_is_drawn_without_an_orchestrator(cli: Cli, workflow_file: Path) -> None:
    done = cli("workflows", "graph", workflow_file)
    assert (done.returncode, done.stdout) == (0, "greet  SetVariableNode\nsay  LogNode\n")
    assert cli("workflows", "graph", workflow_file, "-f", "svg").stdout.startswith("<svg ")
    found = json.loads(cli("workflows", "graph", workflow_file, "-o", "json").stdout)
    assert [(node["node_id"], node["layer"]) for node in found["nodes"]] == [
        ("greet", 0),
        ("say", 1),
    ]
    assert found["edges"][0]["kind"] == "exec"


def test_what_the_orchestrator_keeps_is_drawn(remote: Cli, workflow: str) -> None:
    assert remote("workflows", "graph", f"{workflow}@1").stdout.startswith("greet")
    assert error_of(remote("workflows", "graph", f"{workflow}@7", "-o", "json"))["exit_code"] == 4


def test_a_file_that_is_wrong_is_refused(cli: Cli) -> None:
    (cli.folder / "bad.json").write_text("{")
    assert cli("workflows", "graph", "bad.json").returncode == 2
