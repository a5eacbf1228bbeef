"""Prompt templates: those that come with the program, and those of a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from casare_rpa.engine import RunResult
from tests.support.runs import run_node

MINE = {
    "name": "My reply",
    "category": "mail",
    "template": "Answer {{ text }} as {{who}}.",
    "system_prompt": "Be kind.",
    "variables": [{"name": "who", "default": "Ada"}],
}


def run(node_type: str, config: dict[str, Any], folder: Path | None = None) -> RunResult:
    result = run_node(node_type, config, templates_dir=str(folder or ""))
    assert result.success, result.error
    return result


def ids(config: dict[str, Any], folder: Path | None = None) -> list[str]:
    found = run("ListTemplatesNode", config, folder).outputs["n"]
    assert (found["count"], found["success"]) == (len(found["templates"]), True)
    return [template["id"] for template in found["templates"]]


def test_the_program_brings_templates() -> None:
    assert ids({}) == ["classify", "extract_fields", "summarize", "translate"]
    assert ids({"category": "Extraction"}) == ["extract_fields"]
    assert ids({"search": "GIST"}) == ["summarize"]
    assert ids({"include_builtin": False}) == []
    for name in ids({}):
        found = run("GetTemplateInfoNode", {"template_id": name}).outputs["n"]
        declared = {variable["name"] for variable in found["variables"]}
        assert all(f"{{{{{v}}}}}" in found["template_info"]["template"] for v in declared)
        assert found["template_info"]["builtin"]
        assert all(variable["description"] for variable in found["variables"])


def test_a_folder_adds_and_replaces_templates(tmp_path: Path) -> None:
    (tmp_path / "reply.json").write_text(json.dumps(MINE))
    (tmp_path / "other.json").write_text(json.dumps({**MINE, "id": "summarize"}))
    assert ids({"include_builtin": False}, tmp_path) == ["reply", "summarize"]
    assert ids({"category": "mail", "search": "my"}, tmp_path) == ["reply", "summarize"]
    found = run("GetTemplateInfoNode", {"template_id": "reply"}, tmp_path).outputs["n"]
    assert found["system_prompt"] == "Be kind."
    assert found["template_info"]["name"] == "My reply"
    assert found["variables"] == [
        {"name": "who", "description": "", "required": False, "default": "Ada"},
        {"name": "text", "description": "", "required": True, "default": None},
    ]


def test_a_template_that_is_not_there_is_no_failure() -> None:
    found = run("GetTemplateInfoNode", {"template_id": "sumarize"}).outputs["n"]
    assert (found["found"], found["success"], found["variables"]) == (False, False, [])
    assert found["error"].startswith("no prompt template is called 'sumarize'; there are classify")


def test_a_file_that_is_no_template_is_left_out_aloud(tmp_path: Path) -> None:
    (tmp_path / "reply.json").write_text(json.dumps(MINE))
    for name, text in {"a": "{", "b": "[]", "c": '{"template": ""}', "d": "\udce9"}.items():
        (tmp_path / f"{name}.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    result = run("ListTemplatesNode", {"include_builtin": False}, tmp_path)
    assert [t["id"] for t in result.outputs["n"]["templates"]] == ["reply"]
    warned = [line["message"] for line in result.logs if line["level"].lower() == "warning"]
    assert len(warned) == 4
    assert all("is no prompt template" in message for message in warned)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = run_node("ListTemplatesNode", {}, templates_dir=str(tmp_path / "none"))
    assert result.error is not None
    assert result.error.code == "CONFIG_INVALID"
    assert str(tmp_path / "none") in result.error.message
