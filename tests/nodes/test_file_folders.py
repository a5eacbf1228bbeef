"""Copying, moving, deleting and listing files and folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.nodes.test_file_read_write import failure, outputs
from tests.support.runs import run_node


def test_a_deleted_file_is_gone(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    assert outputs("DeleteFileNode", tmp_path, file_path="f") == {
        "deleted_path": str(tmp_path / "f"),
        "success": True,
    }
    assert not (tmp_path / "f").exists()


def test_deleting_what_is_missing_fails_unless_told(tmp_path: Path) -> None:
    assert failure("DeleteFileNode", tmp_path, file_path="f")[0] == "FILE_NOT_FOUND"
    assert outputs("DeleteFileNode", tmp_path, file_path="f", ignore_missing=True)["success"]


def test_a_folder_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    assert failure("DeleteFileNode", tmp_path, file_path="d")[0] == "INVALID_INPUT"
    assert (tmp_path / "d").is_dir()


def test_a_copy_has_the_content_and_the_time(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * 3_000_000)
    os.utime(tmp_path / "f", (1e9, 1e9))
    copied = outputs("CopyFileNode", tmp_path, source_path="f", dest_path="d/g")
    assert copied["bytes_copied"] == 3_000_000
    assert (tmp_path / "d" / "g").read_bytes() == (tmp_path / "f").read_bytes()
    assert (tmp_path / "d" / "g").stat().st_mtime == 1e9


@pytest.mark.parametrize("node_type", ["CopyFileNode", "MoveFileNode"])
def test_an_existing_destination_is_replaced_only_if_told(tmp_path: Path, node_type: str) -> None:
    (tmp_path / "f").write_text("new")
    (tmp_path / "g").write_text("old")
    paths = {"source_path": "f", "dest_path": "g"}
    code, message = failure(node_type, tmp_path, **paths)
    assert (code, "already exists" in message) == ("INVALID_INPUT", True)
    assert (tmp_path / "g").read_text() == "old"
    outputs(node_type, tmp_path, **paths, overwrite=True)
    assert (tmp_path / "g").read_text() == "new"
    assert (tmp_path / "f").exists() == (node_type == "CopyFileNode")


@pytest.mark.parametrize("node_type", ["CopyFileNode", "MoveFileNode"])
def test_a_missing_source_is_named(tmp_path: Path, node_type: str) -> None:
    code, message = failure(node_type, tmp_path, source_path="f", dest_path="g")
    assert (code, str(tmp_path / "f") in message) == ("FILE_NOT_FOUND", True)


def test_a_file_is_not_copied_onto_itself(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    paths = {"source_path": "f", "dest_path": "f", "overwrite": True}
    assert failure("CopyFileNode", tmp_path, **paths)[0] == "INVALID_INPUT"
    assert (tmp_path / "f").read_text() == "x"


def test_a_folder_as_destination_takes_the_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "d").mkdir()
    assert outputs("MoveFileNode", tmp_path, source_path="f", dest_path="d")["dest_path"] == str(
        tmp_path / "d" / "f"
    )
    assert (tmp_path / "d" / "f").read_text() == "x"


def test_a_folder_is_moved(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_text("x")
    outputs("MoveFileNode", tmp_path, source_path="d", dest_path="e")
    assert (tmp_path / "e" / "f").read_text() == "x"


@pytest.mark.parametrize(
    ("name", "check_type", "found"),
    [
        ("f", "any", (True, True, False)),
        ("f", "directory", (False, True, False)),
        ("d", "file", (False, False, True)),
        ("d", "directory", (True, False, True)),
        ("none", "any", (False, False, False)),
    ],
)
def test_existence_is_told_by_kind(
    tmp_path: Path, name: str, check_type: str, found: tuple[bool, bool, bool]
) -> None:
    (tmp_path / "f").write_text("x")
    (tmp_path / "d").mkdir()
    told = outputs("FileExistsNode", tmp_path, path=name, check_type=check_type)
    assert (told["exists"], told["is_file"], told["is_dir"]) == found


def test_size_and_facts_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "f.tar.gz").write_text("12345")
    os.utime(tmp_path / "f.tar.gz", (1e9, 1e9))
    assert outputs("GetFileSizeNode", tmp_path, file_path="f.tar.gz")["size"] == 5
    told = outputs("GetFileInfoNode", tmp_path, file_path="f.tar.gz")
    assert (told["size"], told["extension"], told["name"]) == (5, ".gz", "f.tar.gz")
    assert told["parent"] == str(tmp_path)
    assert told["modified"].startswith("2001-09-0")


def test_folders_are_created_with_their_parents(tmp_path: Path) -> None:
    made = outputs("CreateDirectoryNode", tmp_path, directory_path="a/b")
    assert made == {"dir_path": str(tmp_path / "a" / "b"), "success": True}
    assert outputs("CreateDirectoryNode", tmp_path, directory_path="a/b")["success"]
    config = {"directory_path": "a/b", "exist_ok": False}
    assert failure("CreateDirectoryNode", tmp_path, **config)[0] == "INVALID_INPUT"
    alone = {"directory_path": "x/y", "parents": False}
    assert failure("CreateDirectoryNode", tmp_path, **alone)[0] == "FILE_NOT_FOUND"


def _tree(folder: Path) -> None:
    (folder / "sub.d").mkdir()
    for name in ("b.txt", "a.txt", "c.csv", "sub.d/d.txt"):
        (folder / name).write_text("")


def test_files_are_listed_in_order_of_name(tmp_path: Path) -> None:
    _tree(tmp_path)
    listed = outputs("ListFilesNode", tmp_path, directory=".", pattern="*.txt")
    assert listed["files"] == [str(tmp_path / "a.txt"), str(tmp_path / "b.txt")]
    assert listed["count"] == 2
    deep = outputs("ListFilesNode", tmp_path, directory_path=str(tmp_path), recursive=True)
    assert [Path(p).name for p in deep["files"]] == ["a.txt", "b.txt", "c.csv", "d.txt"]


def test_a_listing_shows_files_folders_or_both(tmp_path: Path) -> None:
    _tree(tmp_path)

    def names(**config: object) -> list[str]:
        items = outputs("ListDirectoryNode", tmp_path, dir_path=str(tmp_path), **config)["items"]
        return [Path(p).name for p in items]

    assert names() == ["a.txt", "b.txt", "c.csv", "sub.d"]
    assert names(dirs_only=True) == ["sub.d"]
    assert names(files_only=True, pattern="*.csv") == ["c.csv"]


@pytest.mark.parametrize("pattern", ["../*", "/etc/*"])
def test_a_pattern_stays_below_its_folder(tmp_path: Path, pattern: str) -> None:
    config = {"directory_path": str(tmp_path), "pattern": pattern}
    assert failure("ListFilesNode", tmp_path, **config)[0] == "INVALID_INPUT"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    code, message = failure("ListFilesNode", tmp_path, directory_path="none")
    assert (code, str(tmp_path / "none") in message) == ("FILE_NOT_FOUND", True)


@pytest.mark.parametrize("action", ["", "Copy File"])
def test_a_copy_that_nobody_waits_for_stops(tmp_path: Path, action: str) -> None:
    with (tmp_path / "huge").open("wb") as stream:
        stream.truncate(1 << 40)  # Mostly a hole: it takes no room, but hours to copy.
    config = {"action": action, "source_path": "huge", "dest_path": "copy"}
    node_type = "FileSystemSuperNode" if action else "CopyFileNode"
    result = run_node(node_type, config, folder=tmp_path, timeout_seconds=0.2)
    assert result.status == "timeout"
    assert [path.name for path in tmp_path.iterdir()] == ["huge"]
