"""The file nodes that do one of many things."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from casare_rpa.nodes import catalogue
from tests.nodes.test_file_read_write import failure, outputs
from tests.support.runs import chain, document, node, run_document


def _do(folder: Path, action: str, **config: Any) -> dict[str, Any]:
    return outputs("FileSystemSuperNode", folder, action=action, **config)


def test_every_action_of_the_file_system_works_in_turn(tmp_path: Path) -> None:
    a = str(tmp_path / "d" / "a.txt")
    assert _do(tmp_path, "Create Directory", directory_path="d")["dir_path"] == str(tmp_path / "d")
    assert _do(tmp_path, "Write File", file_path="d/a.txt", content="one")["bytes_written"] == 3
    assert _do(tmp_path, "Append File", file_path="d/a.txt", content="two")["file_path"] == a
    assert _do(tmp_path, "Read File", file_path="d/a.txt")["content"] == "onetwo"
    assert _do(tmp_path, "Get File Size", file_path="d/a.txt")["size"] == 6
    assert _do(tmp_path, "Get File Info", file_path="d/a.txt")["name"] == "a.txt"
    copied = _do(tmp_path, "Copy File", source_path="d/a.txt", dest_path="d/b.txt")
    assert copied["bytes_copied"] == 6
    moved = _do(tmp_path, "Move File", source_path="d/b.txt", dest_path="d/c.txt")
    assert moved["dest_path"] == str(tmp_path / "d" / "c.txt")
    assert _do(tmp_path, "List Files", directory_path="d")["count"] == 2
    assert _do(tmp_path, "List Directory", dir_path=".", dirs_only=True)["items"] == [
        str(tmp_path / "d")
    ]
    assert _do(tmp_path, "Delete File", file_path="d/a.txt")["deleted_path"] == a
    assert _do(tmp_path, "File Exists", path="d/a.txt")["exists"] is False


@pytest.mark.parametrize("node_type", ["FileSystemSuperNode", "StructuredDataSuperNode"])
def test_each_action_fills_just_its_outputs(tmp_path: Path, node_type: str) -> None:
    (tmp_path / "f").write_text('"x"')
    (tmp_path / "d").mkdir()
    config = {
        **{"file_path": "f", "path": "f", "source_path": "f", "directory_path": "d"},
        **{"dir_path": "d", "dest_path": "g", "content": "1", "overwrite": True},
        **{"zip_path": "z.zip", "extract_to": "e", "data": "[]"},
    }
    for action, ports in catalogue.entries()[node_type].actions.items():
        if action != "Image Convert":
            (tmp_path / "f").write_text('"x"')
            got = outputs(node_type, tmp_path, **{**config, "action": action})
            assert got.keys() == ports.outputs.keys(), action


@pytest.mark.parametrize("key", ["path", "file_path", "dir_path", "directory_path"])
@pytest.mark.parametrize("action", ["File Exists", "Read File", "read_file", "LIST FILES"])
def test_the_path_may_have_any_of_its_names(tmp_path: Path, key: str, action: str) -> None:
    (tmp_path / "x").mkdir() if "LIST" in action else (tmp_path / "x").write_text("")
    got = _do(tmp_path, action, **{key: "x"})
    assert got.get("exists", True) is True


@pytest.mark.parametrize("node_type", ["FileSystemSuperNode", "StructuredDataSuperNode"])
def test_a_wrong_action_is_answered_with_the_list(tmp_path: Path, node_type: str) -> None:
    code, message = failure(node_type, tmp_path, action="Eat File", file_path="f")
    assert code == "INVALID_INPUT"
    wanted = "Delete File" if node_type == "FileSystemSuperNode" else "Unzip Files"
    assert "'Eat File'" in message
    assert wanted in message


def test_an_action_without_its_path_says_which(tmp_path: Path) -> None:
    code, message = failure("FileSystemSuperNode", tmp_path, action="Read File")
    assert (code, "file_path" in message) == ("MISSING_REQUIRED_FIELD", True)


def test_structured_data_goes_out_and_comes_back(tmp_path: Path) -> None:
    def do(action: str, **config: Any) -> dict[str, Any]:
        return outputs("StructuredDataSuperNode", tmp_path, action=action, **config)

    rows = [{"a": "1"}, {"a": "2"}]
    assert do("Write CSV", file_path="f.csv", data=rows)["row_count"] == 2
    assert do("Read CSV", file_path="f.csv")["data"] == rows
    do("Write JSON", file_path="f.json", data={"k": rows})
    assert do("Read JSON", file_path="f.json")["data"] == {"k": rows}
    assert do("Zip Files", zip_path="z.zip", source_path="*.csv")["file_count"] == 1
    assert do("Unzip Files", zip_path="z.zip", extract_to="e")["files"] == [
        str(tmp_path / "e" / "f.csv")
    ]


def test_image_conversion_is_said_to_be_missing(tmp_path: Path) -> None:
    config = {"action": "Image Convert", "source_path": "f.png"}
    assert failure("StructuredDataSuperNode", tmp_path, **config)[0] == "NOT_IMPLEMENTED"


def test_a_written_file_is_read_by_the_next_node(tmp_path: Path) -> None:
    raw = document(
        {
            "write": node(
                "FileSystemSuperNode", action="Write File", file_path="p.txt", content="powerful"
            ),
            "read": node("FileSystemSuperNode", action="Read File", file_path="p.txt"),
            "log": node("LogNode", message="{{read.size}} bytes"),
        },
        chain("write", "read", "log"),
    )
    result = run_document(raw, folder=tmp_path)
    assert result.success, result.error
    assert result.outputs["read"]["content"] == "powerful"
