from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.support import Cli, error_of

ITEM = {"type", "aliases", "category", "runs_on", "implemented", "requires"}


def test_json_lists_every_type_of_the_format(cli: Cli) -> None:
    found = json.loads(cli("nodes", "list", "-o", "json").stdout)
    assert found["schema_version"] == 1
    assert all(set(item) >= ITEM for item in found["items"])
    here = {item["type"] for item in found["items"] if item["implemented"]}
    assert {"SetVariableNode", "IfNode", "ForLoopStartNode"} <= here
    assert len(found["items"]) > len(here)


def test_a_table_lists_what_runs_here(cli: Cli) -> None:
    here = cli("nodes", "list", "-o", "name").stdout.split()
    every = cli("nodes", "list", "--all", "-o", "name").stdout.split()
    assert "SetVariableNode" in here
    assert set(here) < set(every)
    assert len(set(every)) == len(every)


def test_a_type_is_found_by_its_other_name(cli: Cli) -> None:
    found = cli("nodes", "list", "--search", "parsejsonnode", "-o", "name").stdout.split()
    assert found == ["JsonParseNode"]


def test_the_list_is_narrowed(cli: Cli) -> None:
    found = cli("nodes", "list", "--category", "variable", "--search", "set", "-o", "name").stdout
    assert "SetVariableNode" in found.split()
    assert "IfNode" not in found.split()


def test_the_list_is_narrowed_by_what_a_node_needs_and_by_what_runs_here(cli: Cli) -> None:
    words = ("nodes", "list", "-o", "json", "--runs-on", "browser")
    found = json.loads(cli(*words).stdout)["items"]
    assert found
    assert {item["runs_on"] for item in found} == {"browser"}
    assert all(item["requires"] == ["browser"] for item in found)
    here = json.loads(cli("nodes", "list", "-o", "json", "--implemented").stdout)["items"]
    assert all(item["implemented"] for item in here)
    away = cli("nodes", "list", "-o", "name", "--not-implemented").stdout.split()
    assert "FindElementNode" in away
    assert not {item["type"] for item in here} & set(away)
    error = error_of(cli("nodes", "list", "--runs-on", "toaster", "-o", "json"))
    assert "windows" in error["hint"]


def test_a_snippet_is_printed_alone_and_passes_validate(cli: Cli, tmp_path: Path) -> None:
    printed = cli("nodes", "show", "ReadFileNode", "--snippet").stdout
    nodes = json.loads(printed)
    assert list(nodes) == ["read_file_1"]
    path = tmp_path / "pasted.json"
    path.write_text(json.dumps({"metadata": {"name": "p"}, "nodes": nodes, "connections": []}))
    done = cli("workflows", "validate", path, "--strict")
    assert (done.returncode, done.stdout) == (0, "")
    shown = cli("nodes", "show", "ReadFileNode").stdout
    pasted = shown.partition("To paste into nodes:\n")[2]
    assert json.loads("{" + pasted + "}") == nodes
    assert cli("nodes", "show", "ReadFileNode", "--snippet", "--schema").returncode == 2


def test_a_node_is_explained(cli: Cli) -> None:
    text = cli("nodes", "show", "SetVariableNode").stdout
    assert "variable_name (string)" in text
    found = json.loads(cli("nodes", "show", "SetVariableNode", "-o", "json").stdout)
    assert found["schema"]["properties"]["variable_name"]
    assert "exec_out" in found["exec_outputs"]


def test_the_schema_alone_can_be_printed(cli: Cli) -> None:
    schema = json.loads(cli("nodes", "show", "LogNode", "--schema").stdout)
    assert schema["title"] == "LogNode"
    assert schema["type"] == "object"


@pytest.mark.parametrize(
    "words", [("nodes", "show", "SetVarableNode"), ("node", "show", "x", "--schema")]
)
def test_an_unknown_node_is_one_line(cli: Cli, words: tuple[str, ...]) -> None:
    error = error_of(cli(*words, "-o", "json"))
    assert error["code"] == "RESOURCE_NOT_FOUND"
    assert error["exit_code"] == 4


def test_an_unknown_category_is_refused_and_the_known_are_named(cli: Cli) -> None:
    error = error_of(cli("nodes", "list", "--category", "contrl_flow", "-o", "json"))
    assert error["exit_code"] == 2
    assert "control_flow" in error["hint"]
