"""Workflow files as people wrote them, with the outcomes they are known to have."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.support.runs import run_document


def _reference() -> Path:
    folder = os.environ.get("CASARE_REFERENCE_DIR")
    if not folder:
        pytest.skip("CASARE_REFERENCE_DIR does not say where the reference files are")
    return Path(folder) / "workflows"


@pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 7, 8, 9, 10])
def test_a_real_file_has_its_known_outcome(number: int, tmp_path: Path) -> None:
    folder = _reference()
    name = f"task_{number}.json"
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text("utf-8"))[name]
    result = run_document(json.loads((folder / name).read_text("utf-8")), folder=tmp_path)
    assert result.success is expected["success"], result.error
    for variable, value in expected.get("vars", {}).items():
        assert result.variables[variable] == value
    for place, value in expected.get("outputs", {}).items():
        node_id, port = place.split(".")
        assert result.outputs[node_id][port] == value
    if "log" in expected:
        assert [line["message"] for line in result.logs] == expected["log"]


def test_the_file_that_is_there_is_deleted(tmp_path: Path) -> None:
    document = json.loads((_reference() / "task_4.json").read_text("utf-8"))
    file = tmp_path / "stress_test_file.txt"
    file.write_text("x")
    result = run_document(document, folder=tmp_path)
    assert result.outputs["check_file_exists"]["exists"] is True
    assert not file.exists()
