"""The examples that the help of nodes that touch the machine shows."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from casare_rpa.nodes import catalogue
from casare_rpa.nodes.base import NodeType
from tests.support.pdfs import pdf
from tests.support.runs import run_node

_OURS = ("desktop", "document", "file", "http", "llm", "scripts", "system")
_CLASSES = [
    cls
    for cls in map(catalogue.node_class, sorted(catalogue.implemented()))
    # Those for Excel and Word need another before them: see tests/nodes/office.
    if cls.category in _OURS and cls.runs_on == "any" and "office" not in cls.needs.values()
]


@pytest.mark.parametrize("cls", _CLASSES, ids=lambda cls: cls.type)
def test_every_example_runs(cls: NodeType, tmp_path: Path) -> None:
    assert cls.example
    if error := catalogue.lacks(cls):
        pytest.skip(error.message)
    if (
        "https://example.org" in json.dumps(cls.example)
        and cls.category == "http"
        and cls.type != "BuildUrlNode"
    ):
        pytest.skip("it needs the network")
    if cls.category == "scripts" and sys.platform == "win32":
        pytest.skip("it needs programs that this system may not have")
    (tmp_path / "notes.txt").write_text("one line")
    (tmp_path / "data.json").write_text('{"a": 1}')
    (tmp_path / "rows.csv").write_text("id\n1\n")
    (tmp_path / "tool.py").write_text("print('ran')")
    (tmp_path / "shop.xml").write_text("<shop/>")
    (tmp_path / "report.pdf").write_bytes(pdf(["one", "two", "three"]))
    for name in ("photo.png", "page.png"):
        Image.new("RGB", (80, 60), "white").save(tmp_path / name)
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("a.txt", "a")
    result = run_node(cls.type, cls.example, folder=tmp_path)
    assert result.success, result.error
