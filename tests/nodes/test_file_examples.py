"""The examples that the help of file, script and system nodes shows."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import NodeType
from tests.support.runs import run_node

_OURS = ("file", "http", "scripts", "system")
_CLASSES = [
    cls
    for cls in map(catalogue.node_class, sorted(catalogue.implemented()))
    if cls.category in _OURS and cls.runs_on == "any"
]


@pytest.mark.parametrize("cls", _CLASSES, ids=lambda cls: cls.type)
def test_every_example_runs(cls: NodeType, tmp_path: Path) -> None:
    assert cls.example
    if "https://example.org" in json.dumps(cls.example) and cls.type != "BuildUrlNode":
        pytest.skip("it needs the network")
    if cls.category == "scripts" and sys.platform == "win32":
        pytest.skip("it needs programs that this system may not have")
    (tmp_path / "notes.txt").write_text("one line")
    (tmp_path / "data.json").write_text('{"a": 1}')
    (tmp_path / "rows.csv").write_text("id\n1\n")
    (tmp_path / "tool.py").write_text("print('ran')")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("a.txt", "a")
    result = run_node(cls.type, cls.example, folder=tmp_path)
    assert result.success, result.error
