from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import document
from tests.cli.support import Cli, error_of


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    found = document()
    found["nodes"]["greet"]["node_type"] = "NoSuchNode"
    found["connections"][0]["target_node"] = "nowhere"
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(found, indent=1))
    return path


def test_a_good_file_exits_0_without_a_key(cli: Cli, workflow_file: Path) -> None:
    done = cli("workflows", "validate", workflow_file)
    assert (done.returncode, done.stdout) == (0, "")
    assert "ok, 2 nodes" in done.stderr


def test_every_problem_is_told_with_its_line(cli: Cli, broken: Path) -> None:
    done = cli("workflows", "validate", broken)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    text = broken.read_text().splitlines()
    unknown = next(line for line in lines if "NoSuchNode" in line)
    number = int(unknown.split(": line ")[1].split(":")[0])
    assert "NoSuchNode" in "".join(text[number - 1 : number + 4])
    assert any("nowhere" in line for line in lines)


def test_json_is_a_list_of_problems(cli: Cli, broken: Path, workflow_file: Path) -> None:
    done = cli("workflows", "validate", broken, workflow_file, "-o", "json")
    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert found["schema_version"] == 1
    item = found["items"][0]
    assert {"file", "code", "severity", "message", "pointer", "line", "hint"} <= set(item)
    good = json.loads(cli("workflows", "validate", workflow_file, "-o", "json").stdout)
    assert good["items"] == []


def test_every_message_names_node_field_line_and_mend(cli: Cli, tmp_path: Path) -> None:
    found = document()
    found["nodes"]["greet"]["config"]["variable_nam"] = "{{nobdy}}"
    found["connections"][0]["source_port"] = "exec_ot"
    found["variables"] = {"nobody": 1, "api_key": "abc"}
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(found, indent=1))
    done = cli("workflows", "validate", path, "-o", "json")
    assert done.returncode == 1
    items = {item["code"]: item for item in json.loads(done.stdout)["items"]}
    told = {"UNKNOWN_CONFIG_KEY", "UNRESOLVED_NAME", "UNKNOWN_PORT", "PLAIN_TEXT_SECRET"}
    assert told <= set(items)
    names = {"code", "severity", "node", "field", "line", "column", "message", "mend"}
    assert all(names <= set(item) for item in items.values())
    assert all(item["mend"] and item["line"] and item["column"] for item in items.values())
    assert items["UNKNOWN_CONFIG_KEY"]["mend"] == "did you mean variable_name?"
    assert items["UNKNOWN_CONFIG_KEY"]["field"] == "config.variable_nam"
    assert items["UNKNOWN_PORT"]["mend"] == "exec_ot; did you mean exec_out?"
    lines = cli("workflows", "validate", path).stdout.splitlines()
    assert len(lines) == len(json.loads(done.stdout)["items"])
    assert all(": line " in line and " - " in line for line in lines)


def test_strict_makes_warnings_fail(cli: Cli, tmp_path: Path) -> None:
    found = document()
    found["nodes"]["greet"]["position"] = "left"
    path = tmp_path / "warned.json"
    path.write_text(json.dumps(found))
    assert cli("workflows", "validate", path).returncode == 0
    assert cli("workflows", "validate", path, "--strict").returncode == 1


def test_what_cannot_be_read_exits_2(cli: Cli, tmp_path: Path) -> None:
    assert cli("workflows", "validate", "missing.json").returncode == 2
    assert cli("workflows", "validate", tmp_path).returncode == 2


def test_a_node_that_cannot_run_here_is_an_error_with_its_line(cli: Cli, tmp_path: Path) -> None:
    found = document()
    found["nodes"]["greet"]["node_type"] = "FindElementNode"
    path = tmp_path / "window.json"
    path.write_text(json.dumps(found, indent=1))
    done = cli("workflows", "validate", path, "-o", "json")
    assert done.returncode == 1
    item = json.loads(done.stdout)["items"][0]
    assert item["code"] == "NODE_NOT_AVAILABLE"
    assert "FindElementNode" in path.read_text().splitlines()[item["line"] - 1]
    run = cli("run", path)
    assert (run.returncode, run.stdout) == (2, "")
    assert f"line {item['line']}: error NODE_NOT_AVAILABLE" in run.stderr


def test_files_behind_one_that_is_missing_are_checked(
    cli: Cli, broken: Path, workflow_file: Path
) -> None:
    words = ("workflows", "validate", workflow_file, "missing.json", broken)
    done = cli(*words)
    assert done.returncode == 2
    assert "NoSuchNode" in done.stdout
    assert "ok, 2 nodes" in done.stderr
    assert "missing.json" in done.stderr
    error = error_of(cli(*words, "-o", "json"))
    assert "missing.json" in error["message"]
    assert {problem["file"] for problem in error["problems"]} == {str(broken)}


def test_a_workflow_on_stdin_is_checked(cli: Cli, broken: Path, workflow_file: Path) -> None:
    wrong = cli("workflows", "validate", "-", stdin=broken.read_text())
    assert (wrong.returncode, "NoSuchNode" in wrong.stdout) == (1, True)
    assert wrong.stdout.startswith("-: line ")
    good = cli("workflows", "validate", "-", workflow_file, stdin=workflow_file.read_text())
    assert (good.returncode, good.stderr.count("ok, 2 nodes")) == (0, 2)
